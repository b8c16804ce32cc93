"""Curves of a benchmark of searchers, as one HTML page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from evonas.core.archive import FloatArray
from evonas.report.figure_style import Figure, layout_of, plotly_text

# Okabe and Ito's colours, which the colour-blind tell apart; more methods than colours are told apart by dashes.
_COLOURS = ("0,114,178", "230,159,0", "0,158,115", "213,94,0", "204,121,167", "86,180,233", "90,90,90")
_DASHES = ("solid", "dash", "dot")


def curves_figure(curves: Mapping[str, FloatArray], title: str) -> Figure:
    """Median and quartiles over seeds against trainings.

    Args:
        curves: For each method, a row for each seed: shape ``(seeds, trainings)``.
        title: Of the vertical axis.
    """
    traces: list[Figure] = []
    for number, (method, curve) in enumerate(curves.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        low, middle, high = np.quantile(curve, (0.25, 0.5, 0.75), axis=0)
        shape = {"type": "scatter", "mode": "lines", "x": list(range(1, curve.shape[1] + 1)), "legendgroup": method}
        unseen = {**shape, "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
        line = {"color": f"rgb({colour})", "width": 2, "dash": _DASHES[number // len(_COLOURS) % len(_DASHES)]}
        traces += [
            {**unseen, "y": low.tolist()},
            {**unseen, "y": high.tolist(), "fill": "tonexty", "fillcolor": f"rgba({colour},0.13)"},
            {**shape, "y": middle.tolist(), "name": plotly_text(method), "line": line},
        ]
    layout = layout_of(560)
    layout["xaxis"] |= {"title": {"text": "trainings"}}
    layout["yaxis"] |= {"title": {"text": title}}
    return {"data": traces, "layout": layout}


def write_plot(figure: Figure, path: Path) -> Path:
    """Writes one page that opens without a network."""
    from plotly.io import to_html

    path.write_text(to_html(figure, include_plotlyjs=True, full_html=True, validate=False), encoding="utf-8")
    return path
