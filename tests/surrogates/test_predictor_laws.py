"""Every law over every predictor that the registry discovers."""

from collections.abc import Callable

import predictor_laws
import pytest

from spaces.discovery import discover
from surrogates import PREDICTORS, Predictor

DISCOVERED = discover(PREDICTORS)


def test_the_registry_is_not_empty() -> None:
    assert {"gaussian_process", "random_forest", "stacked", "trees"} <= DISCOVERED.keys()


@pytest.mark.parametrize("law", predictor_laws.LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("name", DISCOVERED)
def test_law(law: Callable[[type[Predictor]], None], name: str) -> None:
    law(DISCOVERED[name])
