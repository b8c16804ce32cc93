"""The front as plain plotly figures, whatever the number of objectives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evonas.core.archive import Archive, Trial
from evonas.report.figure_style import FRONT, INK, OTHERS, RANDOM, Figure, axis_type, layout_of, plotly_text
from evonas.report.wording import axis_text, figure_text


def front_figure(archive: Archive, across: int, up: int) -> Figure:
    """Trained candidates in the plane of two objectives.

    Args:
        archive: At least one trained trial.
        across: Index of the objective on the x axis; -1 for the trial number.
        up: Index of the objective on the y axis.

    Returns:
        Traces: others, random share, front, front drawn at random, the front's outline, the selected one. A point's
        ``customdata`` is its trial number.
    """
    front = archive.front()
    members = {trial.number for trial in front}
    rest = [trial for trial in archive.trained if trial.number not in members]
    groups = [
        ("other trained", [t for t in rest if t.proposal.origin != "random"], "circle", OTHERS, 7),
        ("random share", [t for t in rest if t.proposal.origin == "random"], "diamond-open", RANDOM, 8),
        ("front", [t for t in front if t.proposal.origin != "random"], "circle", FRONT, 11),
        ("front, drawn at random", [t for t in front if t.proposal.origin == "random"], "diamond", FRONT, 12),
    ]
    traces = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": f"{name} ({len(trials):,})",
            "x": _column(archive, trials, across),
            "y": _column(archive, trials, up),
            "customdata": [trial.number for trial in trials],
            "hovertext": [_hover(archive, trial) for trial in trials],
            "hoverinfo": "text",
            "marker": {"symbol": symbol, "color": colour, "size": size, "line": {"width": 1.2, "color": colour}},
            "visible": True if trials else "legendonly",
            "showlegend": bool(trials),
        }
        for name, trials, symbol, colour, size in groups
    ]
    layout = layout_of(540)
    layout["xaxis"] |= front_axis(archive, across)
    layout["yaxis"] |= front_axis(archive, up)
    layout["legend"] = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
    return {"data": [*traces, _outline(archive, front, across, up), _selected()], "layout": layout}


def front_axis(archive: Archive, index: int) -> Figure:
    """Title and type of the axis of one objective, or of the trial number for -1."""
    if index < 0:
        return {"title": {"text": "trial number"}, "type": "linear", "dtick": None}
    values = np.array(_column(archive, archive.trained, index), dtype=np.float64)
    title = {"text": plotly_text(axis_text(archive.objectives[index]))}
    kind = axis_type(values)
    return {"title": title, "type": kind, "dtick": "D2" if kind == "log" else None}


def parallel_figure(archive: Archive, most: int) -> Figure:
    """The front across all objectives at once, one line a member; every objective scaled so that lower is better.

    Args:
        archive: At least one trained trial.
        most: Lines drawn; of a larger front, members evenly spaced by their first objective.
    """
    front = archive.front()
    if len(front) > most:
        ordered = np.argsort(archive.values(front)[:, 0], kind="stable")
        front = [front[ordered[place]] for place in np.linspace(0, len(front) - 1, most).astype(int)]
    values = archive.values(front)
    lowest = values.min(axis=0)
    span = np.where(values.max(axis=0) > lowest, values.max(axis=0) - lowest, 1.0)
    scaled = (values - lowest) / span
    names = [plotly_text(name) for name in archive.names]
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": names,
            "y": row.tolist(),
            "customdata": [trial.number] * len(names),
            "hovertext": _hover(archive, trial),
            "hoverinfo": "text",
            "line": {"width": 1.4, "color": FRONT},
            "marker": {"size": 5, "color": FRONT},
            "opacity": 0.55,
            "showlegend": False,
        }
        for trial, row in zip(front, scaled, strict=True)
    ]
    layout = layout_of(320)
    layout["yaxis"] |= {"title": {"text": "0 = best of the front, 1 = worst"}}
    layout["xaxis"] |= {"type": "category"}
    return {"data": traces, "layout": layout}


def _column(archive: Archive, trials: Sequence[Trial], index: int) -> list[float]:
    if index < 0:
        return [trial.number for trial in trials]
    return [float(trial.values[archive.names[index]]) for trial in trials]


def _hover(archive: Archive, trial: Trial) -> str:
    lines = [f"<b>trial {trial.number}</b>"]
    lines += [plotly_text(f"{one.name}: {figure_text(trial.values[one.name], one.unit)}") for one in archive.objectives]
    return "<br>".join(lines)


def _outline(archive: Archive, front: Sequence[Trial], across: int, up: int) -> Figure:
    """The staircase between what the front dominates and what it does not; only two objectives have one."""
    drawn = front if len(archive.objectives) == 2 and across >= 0 else []
    ordered = sorted(drawn, key=lambda trial: trial.values[archive.names[across]])
    shape = "hv" if across < 0 or archive.objectives[across].goal == "min" else "vh"
    return {
        "type": "scatter",
        "mode": "lines",
        "x": _column(archive, ordered, across),
        "y": _column(archive, ordered, up),
        "line": {"shape": shape, "color": FRONT, "width": 1, "dash": "dot"},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _selected() -> Figure:
    marker = {"symbol": "circle-open", "size": 20, "color": INK, "line": {"width": 2}}
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [],
        "y": [],
        "marker": marker,
        "hoverinfo": "skip",
        "showlegend": False,
    }
