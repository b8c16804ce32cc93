"""The contract of a searcher."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from evonas.core.archive import Archive, Proposal


class Exhausted(Exception):
    """No feasible architecture is left that the archive has not seen. The campaign ends and says so."""


class SearchError(ValueError):
    """The search cannot go on: nothing feasible was found, or the space breaks its contract; says what to do."""


class Searcher(ABC):
    """Chooses what to evaluate next. The first argument of a constructor is the ``Problem``.

    A searcher has no state of its own: whatever it needs (a population, a fitted predictor) it derives from the
    archive. It may memoise that, never own it, so that going on after a crash is replay.
    """

    @abstractmethod
    def propose(self, archive: Archive, count: int, rng: np.random.Generator) -> list[Proposal]:
        """At most ``count`` distinct feasible proposals that the archive does not hold; at least one.

        A pure function: equal archives, counts and generators give equal proposals.

        Raises:
            Exhausted: Nothing unseen and feasible was found in a bounded number of tries.
            SearchError: Nothing feasible was found at all, or the space breaks its contract.
        """
