"""Every law over every proxy that the registry discovers."""

from collections.abc import Callable
from pathlib import Path

import proxy_laws
import pytest

from spaces.discovery import discover
from surrogates import PROXIES
from surrogates.proxies.proxy import Proxy

FORMULA = Path(__file__).with_name("formula.json")
NEEDED = {"evolved": {"formula": FORMULA}}
DISCOVERED: dict[str, Proxy] = {name: proxy(**NEEDED.get(name, {})) for name, proxy in discover(PROXIES).items()}


def test_the_registry_is_not_empty() -> None:
    assert {"nwot", "parameters", "synflow"} <= set(DISCOVERED)


@pytest.mark.parametrize("law", proxy_laws.LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("name", DISCOVERED)
def test_law(law: Callable[[str, dict[str, Proxy]], None], name: str) -> None:
    law(name, DISCOVERED)
