"""Where each kind of component lives, and what the engine itself gives to a component's constructor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import spaces
import surrogates
from evonas.executors import EXECUTORS
from spaces.discovery import Room

ROOMS: Mapping[str, Room] = MappingProxyType(
    {
        "space": spaces.ROOM,
        "dataset": Room("dataset", "evonas.datasets", "evonas.datasets.dataset.Dataset"),
        "trainer": Room("trainer", "evonas.trainers", "evonas.trainers.trainer.Trainer"),
        "evaluator": Room("evaluator", "evonas.evaluators", "evonas.core.evaluation.Evaluator"),
        "objectives": Room("objective", "evonas.objectives", "evonas.core.objective.Objective"),
        "searcher": Room("searcher", "evonas.searchers", "evonas.core.searcher.Searcher"),
        "predictor": surrogates.PREDICTORS,
        "encoding": surrogates.ENCODINGS,
        "proxies": surrogates.PROXIES,
        "executor": EXECUTORS,
    }
)
"""Every room by the key of a campaign file that names its components; encodings are named by no key."""

LISTS = frozenset({"objectives", "proxies"})
"""Keys that hold a list of components."""

SECTIONS = tuple(section for section in ROOMS if section != "encoding")
"""Keys of a campaign file that hold components."""


@dataclass(frozen=True, slots=True)
class Supply:
    """What the engine gives to the constructors of a room's components.

    Attributes:
        first: What the first parameter receives, by position and whatever its name is; empty for nothing.
        always: Parameters of these names receive their value from the engine alone, where a constructor has them.
        unless_given: Parameters of these names receive it where the campaign does not write them.
    """

    first: str = ""
    always: frozenset[str] = frozenset()
    unless_given: frozenset[str] = frozenset()


NOTHING = Supply()

SUPPLIES: Mapping[str, Supply] = MappingProxyType(
    {
        # input_shape and classes: the dataset's, where the campaign names no evaluator of its own
        "space": Supply(unless_given=frozenset({"input_shape", "classes"})),
        "dataset": NOTHING,
        "trainer": NOTHING,
        # space, dataset, trainer, objectives: the campaign's sections; test: whether to look at test data, too
        "evaluator": Supply(always=frozenset({"space", "dataset", "trainer", "objectives", "test"})),
        "objectives": NOTHING,
        # predictor, proxies: the campaign's sections
        "searcher": Supply(first="problem", always=frozenset({"predictor", "proxies"})),
        # encoding: chosen by the searcher
        "predictor": Supply(always=frozenset({"space", "encoding"})),
        "encoding": Supply(first="space"),
        "proxies": NOTHING,
        "executor": NOTHING,
    }
)
"""What the engine gives, by room."""
