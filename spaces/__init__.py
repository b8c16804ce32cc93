"""The ground floor: architectures as graphs; how to sample, vary, check, count and build them.

- ``architecture.py``: ``Node`` and ``Architecture``, a labelled directed acyclic graph with a canonical key.
- ``space.py``: ``Space``, what every search space provides, and ``Cost``.
- ``choices.py``: ``ChoiceSpace``, a space of one's own from a list of choices (``docs/own_space.md``).
- ``discovery.py``: how a component is found by the name of its file, in every room of the house.
- ``drawing.py``: an architecture as text or SVG.
- every other file: one search space, named after the file. To add one, add a file; its laws are tested by themselves.

    space = spaces.load("cell201", skeleton="compact", channels=(4, 8, 16))
    architecture = space.sample(np.random.default_rng(0))
"""

from typing import Any, cast

from spaces.architecture import Architecture, Node
from spaces.discovery import Room, find
from spaces.space import Cost, Space

ROOM = Room("space", "spaces", "spaces.space.Space")


def load(name: str, **arguments: Any) -> Space:
    """The search space in ``spaces/<name>.py``, or a class of your own named ``my.module.MySpace``.

    Raises:
        UnknownComponent: There is no such space; the message lists those there are.
    """
    return cast(Space, find(ROOM, name)(**arguments))


__all__ = ["ROOM", "Architecture", "Cost", "Node", "Space", "load"]
