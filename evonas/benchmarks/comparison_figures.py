"""The plots of comparisons, each a page that opens without a network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evonas.report.figure_style import COVERAGE, FRONT, RANDOM, Figure, layout_of, plotly_text

_COLOURS = (FRONT, RANDOM, COVERAGE, "#8c4a9e", "#c0392b", "#3a9bb3", "#6b705c", "#d4699a")
_HEIGHT = 480


def training_size_figure(rows: Sequence[dict[str, Any]]) -> Figure:
    """Kendall tau against trained architectures, a line a predictor with a band of one standard deviation."""
    traces: list[Figure] = []
    labels = dict.fromkeys(row["predictor"] for row in rows)
    for number, label in enumerate(labels):
        known = [row for row in rows if row["predictor"] == label and row["tau"] is not None]
        x = [row["trained"] for row in known]
        y = [row["tau"] for row in known]
        spread = [row["tau_std"] or 0.0 for row in known]
        colour = _COLOURS[number % len(_COLOURS)]
        edge: Figure = {"type": "scatter", "mode": "lines", "x": x, "line": {"width": 0}, "hoverinfo": "skip"}
        edge |= {"showlegend": False, "legendgroup": label}
        low = [mean - reach for mean, reach in zip(y, spread, strict=True)]
        high = [mean + reach for mean, reach in zip(y, spread, strict=True)]
        traces += [
            {**edge, "y": low},
            {**edge, "y": high, "fill": "tonexty", "fillcolor": _faint(colour)},
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": plotly_text(label),
                "legendgroup": label,
                "x": x,
                "y": y,
                "line": {"color": colour, "width": 2},
                "marker": {"color": colour, "size": 7, "symbol": number % 8},
            },
        ]
    layout = layout_of(_HEIGHT)
    sizes = sorted({row["trained"] for row in rows})
    layout["xaxis"] |= {"title": {"text": "trained architectures"}, "type": "log", "tickvals": sizes}
    layout["xaxis"] |= {"ticktext": [f"{size:,}" for size in sizes]}
    layout["yaxis"] |= {"title": {"text": "Kendall tau on all other rows"}}
    layout["legend"] = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
    return {"data": traces, "layout": layout}


def proxy_figure(rows: Sequence[dict[str, Any]]) -> Figure:
    """Kendall tau of each proxy as a bar, and of its published scores on the same rows as a mark."""
    ordered = sorted(rows, key=lambda row: row["tau"] if row["tau"] is not None else row["published_tau"] or 0.0)
    names = [plotly_text(row["proxy"]) for row in ordered]
    bars = {
        "type": "bar",
        "orientation": "h",
        "name": "measured here",
        "y": names,
        "x": [row["tau"] for row in ordered],
        "error_x": {"type": "data", "array": [row["tau_std"] or 0.0 for row in ordered], "thickness": 1},
        "marker": {"color": FRONT},
    }
    marks = {
        "type": "scatter",
        "mode": "markers",
        "name": "published scores, same rows",
        "y": names,
        "x": [row["published_tau"] for row in ordered],
        "marker": {"color": RANDOM, "size": 10, "symbol": "diamond"},
    }
    layout = layout_of(110 + 26 * len(ordered))
    layout["xaxis"] |= {"title": {"text": "Kendall tau with the target"}}
    layout["yaxis"] |= {"type": "category"}
    layout["legend"] = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
    return {"data": [bars, marks], "layout": layout}


def write_figure(figure: Figure, file: Path) -> None:
    """Writes one HTML page with the figure and all that it needs; missing folders are made."""
    from plotly.io import to_html

    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(to_html(figure, include_plotlyjs=True, validate=False), encoding="utf-8")


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.13)"
