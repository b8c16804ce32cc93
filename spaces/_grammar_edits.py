"""Edits of derivations: every result of one edit, one drawn evenly, and crossover.

An edit is one of (places are all gaps between items, and all items, of all bodies of the tree):

    gap    insert a primitive, or an empty branch (of either kind, by add)
    item   replace it, with all inside, by a primitive; delete it; wrap it as the left of a branch (of either kind, by
           add, the right empty) or in a permutation; unwrap it (a permutation, or a branch whose right is empty)
    branch change its kind, or its aggregation

Numbers of an edit are its place and a code; a code that does nothing, or what another edit does too, gives None. So the
results of the others are all different, and drawing numbers until one gives a tree draws evenly among the results.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from spaces._grammar_tree import AGGREGATIONS, KINDS, Body, Branch, Item, Permuted
from spaces.architecture import Node

_GAP_ONLY, _ITEM_ONLY = 2, 9  # codes behind those of the primitives
_CROSSINGS = 16  # draws of cuts before a child that repeats a parent is accepted

Path = tuple[tuple[int, int], ...]  # from the top: index of an item, and 0 for its left (or only) body, 1 for its right


class _Place(NamedTuple):
    path: Path
    body: Body
    at: int
    gap: bool
    sole: bool  # the body must not become empty


def edits(body: Body, primitives: Sequence[Node]) -> Iterator[Body]:
    """Every tree that one edit makes of ``body``, each once."""
    for place in _places(body):
        for code in range(len(primitives) + _ITEM_ONLY):
            edited = _edited(place, code, primitives)
            if edited is not None:
                yield _put(body, place.path, edited)


def drawn(body: Body, primitives: Sequence[Node], rng: np.random.Generator) -> Iterator[Body]:
    """Endless even draws from ``edits``."""
    places = _places(body)
    codes = len(primitives) + _ITEM_ONLY
    total = len(places) * codes
    while True:
        index, code = divmod(int(rng.random() * total), codes)
        edited = _edited(places[index], code, primitives)
        if edited is not None:
            yield _put(body, places[index].path, edited)


@lru_cache(maxsize=1 << 12)  # parents vary often
def _places(body: Body) -> tuple[_Place, ...]:
    found: list[_Place] = []
    _collect(body, (), False, found)
    return tuple(found)


def _collect(body: Body, path: Path, sole: bool, found: list[_Place]) -> None:
    for index in range(len(body) + 1):
        found.append(_Place(path, body, index, True, sole))
    for index, item in enumerate(body):
        found.append(_Place(path, body, index, False, sole))
        if isinstance(item, Branch):
            _collect(item.left, (*path, (index, 0)), False, found)
            _collect(item.right, (*path, (index, 1)), False, found)
        elif isinstance(item, Permuted):
            _collect(item.body, (*path, (index, 0)), True, found)


def _put(body: Body, path: Path, changed: Body) -> Body:
    """The tree with the body at ``path`` changed."""
    if not path:
        return changed
    (index, slot), *rest = path
    item = body[index]
    if isinstance(item, Branch):
        if slot == 0:
            item = item._replace(left=_put(item.left, tuple(rest), changed))
        else:
            item = item._replace(right=_put(item.right, tuple(rest), changed))
    elif isinstance(item, Permuted):
        item = Permuted(_put(item.body, tuple(rest), changed))
    return (*body[:index], item, *body[index + 1 :])


def _edited(place: _Place, code: int, primitives: Sequence[Node]) -> Body | None:
    """The body after an edit, or None where the code does nothing here or repeats another's result."""
    before, after = place.body[: place.at], place.body[place.at :]
    if place.gap:
        if code >= len(primitives) + _GAP_ONLY:
            return None
        fresh: Item = primitives[code] if code < len(primitives) else _empty(KINDS[code - len(primitives)])
        if after and after[0] == fresh:  # the same as inserting it behind
            return None
        return (*before, fresh, *after)
    item, rest = after[0], after[1:]
    if code < len(primitives):
        return None if primitives[code] == item else (*before, primitives[code], *rest)
    inside = _changed(item, code - len(primitives), rest, place.sole and len(place.body) == 1)
    return None if inside is None else (*before, *inside, *rest)


def _changed(item: Item, code: int, rest: Body, sole: bool) -> Body | None:
    """What stands in the item's place after edit ``code``."""
    if code == 0:
        return None if sole or rest[:1] == (item,) else ()  # of equal neighbours the last is deleted
    if code == 1:
        return _unwrapped(item)
    if code <= 4:
        wrapped = Permuted((item,)) if code == 4 else _empty(KINDS[code - 2])._replace(left=(item,))
        return None if _wraps_alike(wrapped, item) and len(_inside(item)) < 2 else (wrapped,)
    if not isinstance(item, Branch):
        return None
    if code == 5:
        return (item._replace(kind=KINDS[1 - KINDS.index(item.kind)]),)
    others = [aggregation for aggregation in AGGREGATIONS if aggregation != item.aggregation]
    return (item._replace(aggregation=others[code - 6]),)


def _empty(kind: str) -> Branch:
    return Branch(kind, "add", (), ())


def _unwrapped(item: Item) -> Body | None:
    """The one body of a wrapper; None where deleting, replacing or unwrapping further inside gives the same."""
    if isinstance(item, Node) or (isinstance(item, Branch) and item.right):
        return None
    inside = _inside(item)
    if len(inside) < 2 and (not inside or isinstance(inside[0], Node) or _wraps_alike(item, inside[0])):
        return None
    return inside


def _inside(item: Item) -> Body:
    return item.left if isinstance(item, Branch) else item.body if isinstance(item, Permuted) else ()


def _wraps_alike(outer: Item, inner: Item) -> bool:
    """Whether both are wrappers, and the same but for what they wrap."""
    if isinstance(outer, Branch) and isinstance(inner, Branch):
        return outer._replace(left=()) == inner._replace(left=()) and not inner.right
    return isinstance(outer, Permuted) and isinstance(inner, Permuted)


def crossings(left: Body, right: Body, rng: np.random.Generator) -> Iterator[Body]:
    """Children of two trees: in a body that both have, a run of items of ``right`` replaces that of ``left``.

    Homologous crossover (one of Poli & Langdon, "On the search properties of different crossover operators in genetic
    programming", 1998): both parents are cut at the same places of their common region, so equal parents have equal
    children. Bodies are drawn evenly, then two different cuts.
    """
    pairs: list[tuple[Path, Body, Body]] = []
    _common(left, right, (), pairs)
    for _ in range(_CROSSINGS):
        path, ours, theirs = pairs[int(rng.random() * len(pairs))]
        longest = max(len(ours), len(theirs))
        if longest:
            start, gap = int(rng.random() * (longest + 1)), int(rng.random() * longest)
            stop = gap + (gap >= start)
            start, stop = min(start, stop), max(start, stop)
            child = (*ours[:start], *theirs[start:stop], *ours[stop:])
            if child or not path or not isinstance(_at(left, path), Permuted):
                yield _put(left, path, child)


def _at(body: Body, path: Path) -> Item:
    """The item whose body ``path`` leads to."""
    for index, slot in path[:-1]:
        item = body[index]
        body = item.right if isinstance(item, Branch) and slot else _inside(item)
    return body[path[-1][0]]


def _common(ours: Body, theirs: Body, path: Path, pairs: list[tuple[Path, Body, Body]]) -> None:
    if ours or theirs:
        pairs.append((path, ours, theirs))
    for index, (left, right) in enumerate(zip(ours, theirs, strict=False)):
        if isinstance(left, Permuted) and isinstance(right, Permuted):
            _common(left.body, right.body, (*path, (index, 0)), pairs)
        elif isinstance(left, Branch) and isinstance(right, Branch):
            _common(left.left, right.left, (*path, (index, 0)), pairs)
            _common(left.right, right.right, (*path, (index, 1)), pairs)
