"""The file is the registration: components are found by the name of their file.

A room of components is a package (``spaces``, ``surrogates.proxies``, ``evonas.searchers`` …) in which each file holds
one public concrete class of the room's interface. ``find(room, "cell201")`` imports ``spaces/cell201.py`` and returns
that class; ``find(room, "my.module.MySpace")`` imports the user's own. Nothing is listed by hand anywhere.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import inspect
import pkgutil
from dataclasses import dataclass
from functools import cache
from types import ModuleType


@dataclass(frozen=True, slots=True)
class Room:
    """A package of components.

    Attributes:
        title: What one component is called in messages, e.g. ``"space"``.
        package: Dotted name of the package whose files are the components.
        interface: Dotted name of the abstract class, e.g. ``"spaces.space.Space"``.
    """

    title: str
    package: str
    interface: str

    @property
    def article(self) -> str:
        """``a`` or ``an``, before the title."""
        return "an" if self.title[0] in "aeiou" else "a"

    def interface_class(self) -> type:
        """The abstract class that every component of the room implements."""
        module, _, name = self.interface.rpartition(".")
        found: type = getattr(importlib.import_module(module), name)
        return found


class UnknownComponent(ValueError):
    """A name that no component of the room has.

    Attributes:
        name: The name as given.
        choices: Names of the room's components.
        suggestion: The nearest of them, or None.
    """

    def __init__(self, room: Room, name: str, choices: tuple[str, ...], reason: str = "") -> None:
        self.name = name
        self.choices = choices
        close = difflib.get_close_matches(name, choices, n=1)
        self.suggestion = close[0] if close else None
        hint = f" Did you mean {self.suggestion!r}?" if self.suggestion else ""
        super().__init__(
            f"expected {room.article} {room.title}: one of {', '.join(choices)}, or my.module.MyClass. "
            f"Got {name!r}.{reason}{hint}"
        )


@cache
def names(room: Room) -> tuple[str, ...]:
    """Names of the room's components, sorted. Imports the room."""
    package = importlib.import_module(room.package)
    found = []
    for module_info in pkgutil.iter_modules(package.__path__):
        if not module_info.name.startswith("_") and not module_info.ispkg:
            module = importlib.import_module(f"{room.package}.{module_info.name}")
            if _component(module, room.interface_class()) is not None:
                found.append(module_info.name)
    return tuple(sorted(found))


def find(room: Room, name: str) -> type:
    """The class that ``name`` stands for: a file of the room, or a dotted path to the user's own class.

    Raises:
        UnknownComponent: There is none; the message lists the choices and the nearest name.
    """
    if "." in name and all(part.isidentifier() for part in name.split(".")):
        return _own_class(room, name)
    if name.isidentifier() and not name.startswith("_"):
        path = f"{room.package}.{name}"
        if importlib.util.find_spec(path) is not None:
            component = _component(importlib.import_module(path), room.interface_class())
            if component is not None:
                return component
    raise UnknownComponent(room, name, names(room))


def discover(room: Room) -> dict[str, type]:
    """Every component of the room by name. Laws in the tests run over this, so a new file cannot be forgotten."""
    return {name: find(room, name) for name in names(room)}


def summary(component: type) -> str:
    """The first paragraph of a component's docstring, in one line."""
    return " ".join((inspect.getdoc(component) or "").strip().split("\n\n")[0].split())


def _component(module: ModuleType, interface: type) -> type | None:
    found = [
        value
        for name, value in vars(module).items()
        if inspect.isclass(value)
        and value.__module__ == module.__name__
        and not name.startswith("_")
        and issubclass(value, interface)
        and not inspect.isabstract(value)
    ]
    if len(found) > 1:
        raise TypeError(
            f"{module.__name__} holds {len(found)} components ({', '.join(c.__name__ for c in found)}); "
            "a file holds one, named by the file"
        )
    return found[0] if found else None


def _own_class(room: Room, name: str) -> type:
    path, _, attribute = name.rpartition(".")
    try:
        module = importlib.import_module(path)
    except ModuleNotFoundError as error:
        raise UnknownComponent(room, name, names(room), f" No module named {error.name!r} can be imported.") from error
    value = getattr(module, attribute, None)
    if value is None:
        raise UnknownComponent(room, name, names(room), f" Module {path!r} has no {attribute!r}.")
    interface = room.interface_class()
    if not (inspect.isclass(value) and issubclass(value, interface)):
        raise UnknownComponent(room, name, names(room), f" It is no subclass of {room.interface}.")
    if inspect.isabstract(value):
        missing = ", ".join(sorted(vars(value)["__abstractmethods__"]))
        raise UnknownComponent(room, name, names(room), f" It lacks {missing}.")
    return value
