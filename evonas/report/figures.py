"""The report's charts but the front's, as plain plotly figures: mappings that plotly.js draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from evonas.core.objective import Objective
from evonas.report.figure_style import BAND, COVERAGE, FRONT, OTHERS, RANDOM, Figure, layout_of, plotly_text
from evonas.report.honesty import PROMISED_COVERAGE, Honesty, Pairs
from evonas.report.progress import Course, RandomEstimate
from evonas.report.statistics import StageTime
from evonas.report.wording import figure_text, seconds_text

COVERS_80 = 1.2816


def hypervolume_figure(course: Course, estimate: RandomEstimate | None, against: str) -> Figure:
    """Hypervolume with the random-search estimate, against ``"trained"`` candidates or running ``"seconds"``."""
    timed = against == "seconds"
    traces = []
    if estimate is not None and (not timed or estimate.seconds_each is not None):
        scale = estimate.seconds_each if timed and estimate.seconds_each is not None else 1.0
        traces = _estimate_traces(estimate, scale, int(course.counts[-1]))
    known = np.isfinite(course.seconds) if timed else np.full(len(course.counts), True)
    x = course.seconds[known] if timed else course.counts[known]
    traces.append(
        {
            "type": "scatter",
            "mode": "lines",
            "name": "this campaign",
            "x": x.tolist(),
            "y": course.hypervolumes[known].tolist(),
            "line": {"color": FRONT, "width": 2.4, "shape": "hv"},
        }
    )
    layout = layout_of(340)
    layout["xaxis"] |= {
        "title": {"text": "running time, seconds" if timed else "trained candidates"},
        "rangemode": "tozero",
    }
    layout["yaxis"] |= {"title": {"text": "hypervolume"}, "rangemode": "tozero"}
    layout["legend"] = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
    return {"data": traces, "layout": layout}


def quality_figure(honesty: Honesty) -> Figure:
    """Kendall tau, precision of the top quarter and interval coverage, round by round."""
    rounds = [quality.scope.removeprefix("round ") for quality in honesty.rounds]
    series = [
        ("Kendall tau", [quality.tau for quality in honesty.rounds], FRONT, "circle"),
        ("precision, best quarter", [quality.precision for quality in honesty.rounds], RANDOM, "diamond"),
        ("coverage, 80 % interval", [quality.coverage for quality in honesty.rounds], COVERAGE, "square"),
    ]
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": name,
            "x": rounds,
            "y": values,
            "marker": {"symbol": symbol, "color": colour, "size": 8},
            "line": {"color": colour, "width": 1.6},
        }
        for name, values, colour, symbol in series
    ]
    layout = layout_of(340)
    layout["xaxis"] |= {"title": {"text": "round"}, "type": "category"}
    layout["yaxis"] |= {"range": [min([0.0, *(v for v in series[0][1] if v is not None)]) - 0.06, 1.06]}
    layout["shapes"] = [_level(PROMISED_COVERAGE, COVERAGE), _level(0.0, OTHERS)]
    layout["legend"] = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
    return {"data": traces, "layout": layout}


def prediction_figure(pairs: Pairs, objective: Objective) -> Figure:
    """Predicted against measured with 80 % intervals, in the objective's own unit and direction."""
    sign = 1.0 if objective.goal == "min" else -1.0
    measured, mean = sign * pairs.measured, sign * pairs.mean
    ends = [float(min(measured.min(), mean.min())), float(max(measured.max(), mean.max()))]
    name = plotly_text(objective.name)
    diagonal = {"type": "scatter", "mode": "lines", "x": ends, "y": ends, "hoverinfo": "skip", "showlegend": False}
    diagonal |= {"line": {"color": OTHERS, "width": 1.2, "dash": "dash"}}
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": mean.tolist(),
        "y": measured.tolist(),
        "error_x": {"type": "data", "array": (COVERS_80 * pairs.std).tolist(), "thickness": 0.8, "width": 0},
        "customdata": pairs.numbers.tolist(),
        "hovertext": [
            f"trial {number}<br>predicted {figure_text(guess)} ± {figure_text(COVERS_80 * std)}"
            f"<br>measured {figure_text(true)}"
            for number, guess, std, true in zip(pairs.numbers.tolist(), mean, pairs.std, measured, strict=True)
        ],
        "hoverinfo": "text",
        "marker": {"size": 7, "color": [RANDOM if drawn else FRONT for drawn in pairs.random.tolist()]},
        "showlegend": False,
    }
    points["error_x"]["color"] = "rgba(28,95,176,0.28)"
    layout = layout_of(340)
    layout["xaxis"] |= {"title": {"text": f"predicted {name}, with 80 % interval"}}
    layout["yaxis"] |= {"title": {"text": f"measured {name}"}}
    return {"data": [diagonal, points], "layout": layout}


def funnel_figure(totals: Mapping[str, int]) -> Figure:
    """Candidates by stage of the funnel."""
    trace = {
        "type": "funnel",
        "y": [plotly_text(stage) for stage in totals],
        "x": list(totals.values()),
        "text": [f"{count:,}" for count in totals.values()],
        "textinfo": "text",
        "textposition": "auto",
        "hoverinfo": "skip",
        "marker": {"color": FRONT},
        "connector": {"fillcolor": "rgba(28,95,176,0.12)"},
    }
    layout = layout_of(24 + 44 * max(1, len(totals)))
    layout["yaxis"] |= {"automargin": True, "type": "category"}
    layout["margin"] |= {"t": 8, "b": 8}
    return {"data": [trace], "layout": layout}


def time_figure(times: Sequence[StageTime]) -> Figure:
    """Seconds by stage: the main process, and the workers beside it."""
    shown = list(reversed(times))
    trace = {
        "type": "bar",
        "orientation": "h",
        "y": [plotly_text(f"{time.stage} (workers)" if time.workers else time.stage) for time in shown],
        "x": [time.seconds for time in shown],
        "text": [seconds_text(time.seconds) for time in shown],
        "textposition": "auto",
        "hoverinfo": "skip",
        "marker": {"color": [OTHERS if time.workers else FRONT for time in shown]},
    }
    layout = layout_of(70 + 32 * max(1, len(times)))
    layout["margin"] |= {"t": 8}
    layout["xaxis"] |= {"title": {"text": "seconds"}}
    layout["yaxis"] |= {"automargin": True, "type": "category"}
    return {"data": [trace], "layout": layout}


def _estimate_traces(estimate: RandomEstimate, scale: float, trained: int) -> list[Figure]:
    x = (estimate.counts * scale).tolist()
    hidden = {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "line": {"width": 0},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    traces: list[Figure] = [
        {**hidden, "y": estimate.low.tolist()},
        {**hidden, "y": estimate.high.tolist(), "fill": "tonexty", "fillcolor": BAND},
        {
            "type": "scatter",
            "mode": "lines",
            "name": f"random search, from {estimate.share:,}",
            "x": x,
            "y": estimate.mean.tolist(),
            "line": {"color": RANDOM, "width": 2},
        },
    ]
    end = min(estimate.reach, trained)
    if end > estimate.share:
        counts = np.geomspace(estimate.share, end, 30)
        slope = estimate.slope or 0.0
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": "extrapolated",
                "x": (counts * scale).tolist(),
                "y": (estimate.mean[-1] + slope * np.log(counts / estimate.share)).tolist(),
                "line": {"color": RANDOM, "width": 1.6, "dash": "dash"},
            }
        )
    return traces


def _level(height: float, colour: str) -> Figure:
    line = {"color": colour, "width": 1, "dash": "dot"}
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": height, "y1": height, "line": line}
