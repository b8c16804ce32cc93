"""An architecture drawn as lines of text or as a small self-contained SVG. No graphviz needed.

Nodes stand in layers: a node's layer is the length of the longest path that leads to it.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from spaces.architecture import Architecture

_LETTER = 6.4  # mean width of a letter of the 11 px font, in px
_BOX_HEIGHT = 24.0
_LAYER_STEP = 52.0
_GAP = 14.0
_MARGIN = 10.0

Pairs = tuple[tuple[str, float], ...]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Layout:
    width: float
    height: float
    boxes: list[Point]  # centre of each node
    routes: list[list[Point]]  # of each edge: source, a bend in every layer it passes, target


def as_text(architecture: Architecture) -> str:
    """A table of the graph, one line a node by layers: number, operation with attributes, numbers of its inputs.

    The settings of the whole network, where there are any, stand in the first line. For example::

        channels=8
        node  operation
        0     input
        1     nor_conv_3x3  <- 0
        2     output        <- 0, 1
    """
    inputs: list[list[int]] = [[] for _ in architecture.nodes]
    for source, target in architecture.edges:
        inputs[target].append(source)
    layers = _layers(architecture)
    operations = [" ".join(_label(architecture, node)) for node in range(len(architecture.nodes))]
    width = max(map(len, operations), default=0)
    lines = [_pairs(architecture.settings)] if architecture.settings else []
    lines.append("node  operation")
    for node in sorted(range(len(operations)), key=lambda node: (layers[node], node)):
        sources = f"  <- {', '.join(map(str, inputs[node]))}" if inputs[node] else ""
        lines.append(f"{node:<4}  {operations[node]:<{width}}{sources}".rstrip())
    return "\n".join(lines)


def as_svg(architecture: Architecture, width: float | None = None, title: str = "") -> str:
    """The graph drawn from top to bottom, readable on white, for a page of HTML or a file of its own.

    Args:
        architecture: What to draw.
        width: Width of the picture in px; the height follows. None: as wide as the letters of 11 px need.
        title: Shown on top, and as the tooltip.

    Returns:
        One ``<svg>`` element without references to anything outside or to identifiers, so that any number of drawings
        may share a page. A box's colour depends on its operation's name alone.

    Raises:
        ValueError: ``width`` is not positive.
    """
    if width is not None and not width > 0:
        raise ValueError(f"width must be a positive number of px; got {width}: leave it out for the natural size")
    labels = [_label(architecture, node) for node in range(len(architecture.nodes))]
    box = 16 + _LETTER * max((len(line) for label in labels for line in label), default=0)
    captions = [text for text in (title, _pairs(architecture.settings)) if text]
    top = 18.0 * len(captions)
    layout = _layout(architecture, box, at_least=_LETTER * max(map(len, captions), default=0))
    natural, height = layout.width, layout.height + top
    scale = 1.0 if width is None else width / natural
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_number(natural * scale)}" '
        f'height="{_number(height * scale)}" viewBox="0 {_number(0 - top)} {_number(natural)} {_number(height)}" '
        'font-family="sans-serif" font-size="11" text-anchor="middle" role="img">'
    ]
    if title:
        parts.append(f"<title>{escape(title)}</title>")
    for line, caption in enumerate(captions):
        weight = ' font-weight="bold"' if title and line == 0 else ""
        baseline = _number(18.0 * line + 13 - top)
        parts.append(f'<text x="{_number(natural / 2)}" y="{baseline}" fill="#222"{weight}>{escape(caption)}</text>')
    parts += [_arrow(route) for route in layout.routes]
    for node, ((x, y), label) in enumerate(zip(layout.boxes, labels, strict=True)):
        parts.append(_box(x, y, box, architecture.nodes[node].op, label))
    return "".join(parts) + "</svg>"


def _pairs(pairs: Pairs) -> str:
    return " ".join(f"{name}={value:.12g}" for name, value in pairs)


def _label(architecture: Architecture, node: int) -> list[str]:
    drawn = architecture.nodes[node]
    return [drawn.op, _pairs(drawn.attributes)] if drawn.attributes else [drawn.op]


def _layers(architecture: Architecture) -> list[int]:
    """The layer of each node, (n,): 0 without inputs, else one below its lowest input."""
    layers = [0] * len(architecture.nodes)
    for source, target in architecture.edges:  # sorted by source, so layers[source] is final
        layers[target] = max(layers[target], layers[source] + 1)
    return layers


def _layout(architecture: Architecture, box: float, at_least: float) -> _Layout:
    """Places boxes in rows by layer; an edge that passes layers gets a place of its own in each, so boxes stay clear.

    Args:
        architecture: What to lay out.
        box: Width of a box in px.
        at_least: Least width of the picture, without margins, in px.
    """
    layers = _layers(architecture)
    rows: list[list[int]] = [[] for _ in range(max(layers, default=-1) + 1)]
    for node, layer in enumerate(layers):
        rows[layer].append(node)
    chains = []
    places = len(layers)
    for source, target in architecture.edges:
        bends = range(places, places + layers[target] - layers[source] - 1)
        places = bends.stop
        for row, bend in zip(rows[layers[source] + 1 : layers[target]], bends, strict=True):
            row.append(bend)
        chains.append([source, *bends, target])
    _order(rows, chains, places)
    widths = [box if place < len(layers) else _GAP for place in range(places)]
    lengths = [sum(widths[place] + _GAP for place in row) - _GAP for row in rows]
    width = max([box, at_least, *lengths])
    points: list[Point] = [(0.0, 0.0)] * places
    for layer, (row, length) in enumerate(zip(rows, lengths, strict=True)):
        x = _MARGIN + (width - length) / 2
        for place in row:
            points[place] = (x + widths[place] / 2, _MARGIN + _BOX_HEIGHT / 2 + layer * _LAYER_STEP)
            x += widths[place] + _GAP
    height = 2 * _MARGIN + _BOX_HEIGHT + max(len(rows) - 1, 0) * _LAYER_STEP
    routes = [[points[place] for place in chain] for chain in chains]
    return _Layout(width + 2 * _MARGIN, height, points[: len(layers)], routes)


def _order(rows: list[list[int]], chains: list[list[int]], places: int) -> None:
    """Sorts each row by the mean position of its neighbours in the row before, down and up four times.

    The barycentre heuristic for few crossings (Sugiyama, Tagawa & Toda, 1981).
    """
    above: list[list[int]] = [[] for _ in range(places)]
    below: list[list[int]] = [[] for _ in range(places)]
    for chain in chains:
        for upper, lower in pairwise(chain):
            above[lower].append(upper)
            below[upper].append(lower)
    for sweep in range(8):
        down = sweep % 2 == 0
        position: dict[int, float] = {}
        for row in rows if down else reversed(rows):
            for order, place in enumerate(row):
                neighbours = (above if down else below)[place]
                middle = (order + 0.5) / len(row)
                position[place] = (
                    sum(position[neighbour] for neighbour in neighbours) / len(neighbours) if neighbours else middle
                )
            row.sort(key=position.__getitem__)
            position.update((place, (order + 0.5) / len(row)) for order, place in enumerate(row))


def _arrow(route: list[Point]) -> str:
    """A smooth line through the bends, from the source's lower edge to a head on the target's upper edge."""
    half = _BOX_HEIGHT / 2
    path = f"M{_number(route[0][0])} {_number(route[0][1] + half)}"
    for (x0, y0), (x1, y1) in pairwise(route):
        middle = _number((y0 + y1) / 2)
        enter = _number(y1 - half - 5)
        path += f"C{_number(x0)} {middle} {_number(x1)} {middle} {_number(x1)} {enter}"
        if (x1, y1) != route[-1]:
            path += f"V{_number(y1 + half)}"  # straight down between the boxes of the layer it passes
    x, y = route[-1][0], route[-1][1] - half - 5
    head = f"M{_number(x - 3)} {_number(y)}L{_number(x + 3)} {_number(y)}L{_number(x)} {_number(y + 5)}Z"
    return f'<path d="{path}" fill="none" stroke="#777"/><path d="{head}" fill="#777"/>'


def _box(x: float, y: float, width: float, op: str, lines: list[str]) -> str:
    hue = (zlib.crc32(op.encode()) * 50 % (1 << 32)) * 360 >> 32  # of many factors, 50 keeps usual names farthest apart
    shape = (
        f'<rect x="{_number(x - width / 2)}" y="{_number(y - _BOX_HEIGHT / 2)}" width="{_number(width)}" '
        f'height="{_number(_BOX_HEIGHT)}" rx="5" fill="hsl({hue},70%,87%)" stroke="hsl({hue},45%,50%)"/>'
    )
    if len(lines) == 1:
        return f'{shape}<text x="{_number(x)}" y="{_number(y + 4)}" fill="#222">{escape(lines[0])}</text>'
    return (
        f'{shape}<text x="{_number(x)}" y="{_number(y - 1)}" fill="#222">{escape(lines[0])}</text>'
        f'<text x="{_number(x)}" y="{_number(y + 9)}" font-size="9" fill="#444">{escape(lines[1])}</text>'
    )


def _number(value: float) -> str:
    return f"{value + 0.0:.1f}".removesuffix(".0")
