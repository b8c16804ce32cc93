"""Every law over every predictor that the registry discovers."""

import functools
from collections.abc import Callable
from typing import Any

import predictor_laws
import pytest

from spaces.discovery import discover
from surrogates import PREDICTORS, Predictor

DISCOVERED = discover(PREDICTORS)
# A law holds for a network of fewer steps as well; its own tests use the defaults.
QUICKER: dict[str, dict[str, Any]] = {"graph_network": {"members": 3, "steps": 60, "rate": 0.01}}

# Whether an argument has an effect shows in small ensembles, too.
SMALL: dict[str, dict[str, Any]] = {
    "graph_network": {"members": 3, "steps": 12, "hidden": 8},
    "random_forest": {"trees": 12},
    "stacked": {"members": ["gaussian_process", "random_forest"]},
    "trees": {"bags": 2, "trees": 12},
}


def test_the_registry_is_not_empty() -> None:
    assert {"gaussian_process", "random_forest", "stacked", "trees"} <= DISCOVERED.keys()


@pytest.mark.parametrize("law", predictor_laws.LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("name", DISCOVERED)
def test_law(law: Callable[[type[Predictor]], None], name: str) -> None:
    law(functools.partial(DISCOVERED[name], **QUICKER.get(name, {})))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", DISCOVERED)
def test_no_argument_is_ignored(name: str) -> None:
    predictor_laws.no_argument_is_ignored(functools.partial(DISCOVERED[name], **SMALL.get(name, {})))  # type: ignore[arg-type]
