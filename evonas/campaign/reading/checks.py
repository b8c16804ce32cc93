"""Checks the components that a campaign names: that they exist, take their arguments and fit together."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from evonas.campaign.reading.arguments import check_arguments, converted_arguments, own_parameters
from evonas.campaign.reading.fault import Fault, YamlPath, did_you_mean
from evonas.campaign.reading.objective import build_objective, objective_faults
from evonas.campaign.reading.rooms import LISTS, ROOMS, SECTIONS, SUPPLIES
from evonas.campaign.reading.specification import Component, Specification
from evonas.core.objective import Objective
from spaces.discovery import UnknownComponent, find

_CONSTRUCTED = ("dataset", "trainer", "proxies", "space")


@dataclass(frozen=True, slots=True)
class _Entry:
    """A component as the campaign writes it: its section, its place, and the place of its name."""

    section: str
    path: YamlPath
    name_path: YamlPath
    component: Component


def component_faults(values: Mapping[str, Any]) -> list[Fault]:
    """Faults of the components that a campaign writes down; its defaults are taken to be right.

    Every part is checked by itself, so that a fault elsewhere hides none here. Datasets, trainers, proxies, spaces and
    objectives are also constructed, and thrown away: their constructors know rules that no annotation says.

    Args:
        values: The campaign's mapping, perhaps faulty; what has not the shape of a component is skipped.
    """
    faults: list[Fault] = []
    entries = _written(values)
    dataset = _default_dataset() if "dataset" not in values else None
    for entry in entries:
        if entry.section == "dataset":
            dataset = _checked(entry, {}, faults)
    for entry in entries:
        if entry.section == "space":
            own_evaluator = values.get("evaluator") is not None
            shape = {} if own_evaluator else _shape(dataset)
            _checked(entry, shape, faults, construct=own_evaluator or dataset is not None)
        elif entry.section not in ("dataset", "objectives"):
            _checked(entry, {}, faults, construct=entry.section in _CONSTRUCTED)
    return faults + _goal_faults(values, entries)


def construction_fault(path: YamlPath, arguments: Mapping[str, Any], error: Exception) -> Fault:
    """A constructor's error as a fault, of the one argument that its message names or else of the whole component."""
    message = str(error) if isinstance(error, ValueError) and str(error) else f"{type(error).__name__}: {error}"
    said = re.sub(r"\([^()]*\)", "", message)  # a shape such as (channels, height, width) names no argument
    named = [name for name in arguments if re.search(rf"\b{re.escape(name)}\b", said)]
    return Fault((*path, named[0]) if len(named) == 1 else path, message)


def _written(values: Mapping[str, Any]) -> list[_Entry]:
    """Every component that has a component's shape."""
    entries = []
    for section in SECTIONS:
        raw = values.get(section)
        places: list[tuple[YamlPath, Any]] = [((section,), raw)]
        if section in LISTS:
            places = [((section, index), item) for index, item in enumerate(raw)] if isinstance(raw, list) else []
        for path, item in places:
            if isinstance(item, str | Mapping):
                try:
                    component = Component.model_validate(item)
                except ValidationError:
                    continue
                entries.append(_Entry(section, path, path if isinstance(item, str) else (*path, "name"), component))
    return entries


def _checked(entry: _Entry, offered: Mapping[str, Any], faults: list[Fault], construct: bool = True) -> Any:
    """The constructed component; None where it has faults, which are added to ``faults``, or is not constructed."""
    component = entry.component
    target: Any = _tried(entry, lambda: find(ROOMS[entry.section], component.name), faults)
    if target is None:
        return None
    found = check_arguments(target, component.arguments, SUPPLIES[entry.section])
    faults += [Fault((*entry.path, *fault.path), fault.message) for fault in found]
    if found or not construct:
        return None
    taken = {name: value for name, value in offered.items() if name in own_parameters(target)}
    return _tried(entry, lambda: target(**{**taken, **converted_arguments(target, component.arguments)}), faults)


def _tried(entry: _Entry, make: Callable[[], Any], faults: list[Fault]) -> Any:
    """What ``make`` gives; what it raises is a fault, for the user's own module may raise anything."""
    try:
        return make()
    except UnknownComponent as error:
        faults.append(Fault(entry.name_path, str(error)))
    except Exception as error:
        faults.append(construction_fault(entry.path, entry.component.arguments, error))
    return None


def _default_dataset() -> Any:
    component = Specification.model_fields["dataset"].default
    return _checked(_Entry("dataset", ("dataset",), ("dataset",), component), {}, [])


def _shape(dataset: Any) -> dict[str, Any]:
    """What a space receives from its dataset."""
    return {name: getattr(dataset, name) for name in SUPPLIES["space"].unless_given} if dataset is not None else {}


def _goal_faults(values: Mapping[str, Any], entries: list[_Entry]) -> list[Fault]:
    """Faults of the objectives and of the constraints on them."""
    faults: list[Fault] = []
    if "objectives" not in values:
        defaults = Specification.model_fields["objectives"].default
        entries = [_Entry("objectives", ("objectives",), ("objectives",), component) for component in defaults]
    known: dict[str, Objective] = {}
    entries = [entry for entry in entries if entry.section == "objectives"]
    for entry in entries:
        objective = _objective(entry, faults)
        if objective is not None and objective.name in known:
            message = f"expected objectives of different names. Got {objective.name!r} a second time; leave one out"
            faults.append(Fault(entry.path, message))
        elif objective is not None:
            known[objective.name] = objective
    written = values.get("objectives")
    complete = len(known) == (len(written) if isinstance(written, list) else len(entries))
    return faults + _constraint_faults(values.get("constraints"), known, complete)


def _objective(entry: _Entry, faults: list[Fault]) -> Objective | None:
    found = _tried(entry, lambda: objective_faults(entry.component), faults)
    if found is None:
        return None
    faults += [Fault((*entry.path, *fault.path), fault.message) for fault in found]
    objective: Objective | None = _tried(entry, lambda: build_objective(entry.component), faults) if not found else None
    return objective


def _constraint_faults(constraints: Any, known: Mapping[str, Objective], complete: bool) -> list[Fault]:
    """Constraints on objectives that are not there or need training; the former only where all objectives are known."""
    faults = []
    for name in constraints if isinstance(constraints, Mapping) else ():
        path: YamlPath = ("constraints", name)
        if name in known and known[name].needs == "training":
            early = [objective.name for objective in known.values() if objective.needs != "training"]
            choices = (
                f"one of {', '.join(early)}" if early else "an objective that needs no training; there is none here"
            )
            message = (
                f"expected {choices}. Got {name!r}, which is known only after training; choose from the front later."
            )
            faults.append(Fault(path, message))
        elif name not in known and complete:
            choices = ", ".join(known)
            message = f"expected an objective of this campaign, one of {choices}. Got {name!r}."
            faults.append(Fault(path, message + did_you_mean(str(name), tuple(known))))
    return faults
