"""Generators keyed by what they are for, so that a replayed campaign draws the same numbers."""

from __future__ import annotations

import zlib

import numpy as np


def generator(campaign_seed: int, number: int, purpose: str) -> np.random.Generator:
    """The generator of one purpose at one trial (or round) of a campaign; the same in every process."""
    return np.random.default_rng([campaign_seed, number, zlib.crc32(purpose.encode())])


def integer_seed(campaign_seed: int, number: int, purpose: str) -> int:
    """A seed below 2**31 for libraries that take an integer."""
    return int(generator(campaign_seed, number, purpose).integers(2**31))
