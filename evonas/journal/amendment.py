"""A change of a campaign that is gone on with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Amendment:
    """A change of the campaign between two sessions, such as a raised budget.

    Attributes:
        amended: When, in ISO 8601 (UTC).
        previous: The resolved campaign before.
    """

    amended: str
    previous: Mapping[str, Any]
