"""What the report's charts have in common: colours, axes and text."""

from __future__ import annotations

import html
from typing import Any

from evonas.core.archive import FloatArray

Figure = dict[str, Any]

INK = "#1f2933"
FRONT = "#1c5fb0"
OTHERS = "#b9c0c9"
RANDOM = "#b7791f"
BAND = "rgba(183,121,31,0.16)"
COVERAGE = "#2f7d5b"
GRID = "#e8ebef"


def plotly_text(text: str) -> str:
    """Text that plotly shows as it stands; plotly would read ``<`` as markup."""
    return html.escape(text, quote=False)


def axis_type(values: FloatArray) -> str:
    """``log`` for positive values that span more than a decade, else ``linear``."""
    return "log" if len(values) and values.min() > 0 and values.max() > 10 * values.min() else "linear"


def layout_of(height: int) -> Figure:
    """A chart's layout: ``height`` pixels, quiet axes, no background of its own."""
    axis = {"gridcolor": GRID, "zeroline": False, "linecolor": "#cbd2d9", "ticks": "outside", "tickcolor": "#cbd2d9"}
    return {
        "height": height,
        "autosize": True,
        "margin": {"l": 64, "r": 16, "t": 40, "b": 52},
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": INK},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hovermode": "closest",
        "hoverlabel": {"align": "left"},
        "xaxis": {**axis, "automargin": True, "exponentformat": "SI"},
        "yaxis": {**axis, "automargin": True, "exponentformat": "SI"},
    }
