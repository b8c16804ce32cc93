"""Zero-cost proxy scores of candidates, cached by identity and computed on whatever is idle."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager
from pickle import PicklingError
from typing import TYPE_CHECKING

from evonas.core.archive import Archive
from evonas.core.problem import Candidate
from evonas.searchers._proxy_scorer import NoDevice, Outcomes, ProxyScorer
from spaces.architecture import Architecture
from spaces.space import Space
from surrogates.proxies.proxy import Proxy
from surrogates.proxies.proxy_failure import ProxyFailure

if TYPE_CHECKING:
    from torch import Tensor

LOT = 8
"""Candidates that a worker scores at a time: enough to make sending them cheap, few enough to share a round."""


class ProxyScores:
    """Scores built, untrained networks by several proxies in one shared pass.

    A score is a function of the candidate alone: the same in every process and whatever else is scored.

    Args:
        space: Builds the networks.
        proxies: By name; may be empty.
        inputs: One batch of training inputs ``(n, *input_shape)``.
        targets: Its labels ``(n,)``.
        device: Where the networks run, such as ``"cpu"`` or ``"cuda"``. Scores of two devices differ by rounding, so a
            campaign keeps to one kind, and workers that do not see it do not help.
    """

    def __init__(
        self, space: Space, proxies: Mapping[str, Proxy], inputs: Tensor, targets: Tensor, device: str = "cpu"
    ) -> None:
        self.proxies = dict(proxies)
        self.device = device
        self._scorer = ProxyScorer(space, self.proxies, inputs, targets, device)
        self._helpers: Executor | None = None
        self._scores: dict[str, dict[str, float]] = {}
        self._failures: dict[str, dict[str, str]] = {}

    def __bool__(self) -> bool:
        return bool(self.proxies)

    @contextmanager
    def helped_by(self, executor: Executor | None) -> Iterator[None]:
        """While entered, idle workers of the executor score too; None for none.

        This process scores all the same and takes back what no worker has begun, so that it never waits for a worker
        that is busy with a training.
        """
        self._helpers = executor
        try:
            yield
        finally:
            self._helpers = None

    def remember(self, archive: Archive) -> None:
        """Takes over what the archive knows already, so that going on needs no second scoring."""
        for trial in archive.trials:
            if trial.proposal.proxies:
                key = self._scorer.space.simplify(trial.proposal.architecture).key
                self._scores.setdefault(key, dict(trial.proposal.proxies))

    def of(self, candidates: Sequence[Candidate], draws: int = 1) -> list[dict[str, float]]:
        """Scores by proxy name for each candidate, higher is better; a proxy that failed is absent.

        Args:
            candidates: Whom to score.
            draws: Of a network's weights, at least 1, the same in every call. Scores by the second are called
                ``nwot (2)``, and so on.

        Raises:
            BrokenExecutor: The helping workers were killed.
        """
        if not self.proxies:
            return [{} for _ in candidates]
        simplified = {one.simplified.key: one.simplified for one in candidates}
        waiting = {key: one for key, one in simplified.items() if key not in self._scores}
        for key, outcomes in zip(waiting, self._outcomes(list(waiting.values()), draws), strict=True):
            self._keep(key, outcomes)
        return [self._scores[candidate.simplified.key] for candidate in candidates]

    def failures(self, candidates: Sequence[Candidate]) -> tuple[str, ...]:
        """One sentence for each proxy that failed on some of the candidates."""
        counts: dict[str, list[str]] = {}
        for candidate in candidates:
            for name, reason in self._failures.get(candidate.simplified.key, {}).items():
                counts.setdefault(name, []).append(reason)
        return tuple(
            f"proxy {name} could not be computed for {len(reasons)} of {len(candidates)} candidates: {reasons[0]}"
            for name, reasons in counts.items()
        )

    def _keep(self, key: str, outcomes: Outcomes) -> None:
        self._scores[key] = {name: score for name, score in outcomes.items() if not isinstance(score, ProxyFailure)}
        failed = {name: str(score) for name, score in outcomes.items() if isinstance(score, ProxyFailure)}
        if failed:
            self._failures[key] = failed

    def _outcomes(self, architectures: Sequence[Architecture], draws: int) -> list[Outcomes]:
        if self._helpers is None or len(architectures) <= LOT:
            return self._scorer.score(architectures, draws)
        lots = [architectures[start : start + LOT] for start in range(0, len(architectures), LOT)]
        # The first lot is never sent: this process begins with it. Workers take the others from the front.
        sent = deque((lot, self._helpers.submit(self._scorer.score, lot, draws)) for lot in lots[1:])
        found: deque[list[Outcomes]] = deque()
        own = self._scorer.score(lots[0], draws)
        while sent:
            lot, future = sent.pop()
            cancelled = future.cancel()
            found.appendleft(self._scorer.score(lot, draws) if cancelled else self._fetched(lot, future, draws))
        return [*own, *(outcomes for lot_outcomes in found for outcomes in lot_outcomes)]

    def _fetched(self, lot: Sequence[Architecture], future: Future[list[Outcomes]], draws: int) -> list[Outcomes]:
        """What a worker found. Where it died or hung, each of the lot is given to a worker alone."""
        try:
            return future.result()
        except BrokenExecutor:
            raise
        except (PicklingError, NoDevice):
            return self._scorer.score(lot, draws)
        except Exception as error:
            if len(lot) == 1:
                return [self._scorer.failed(error)]
            assert self._helpers is not None
            alone = [(one, self._helpers.submit(self._scorer.score, [one], draws)) for one in lot]
            return [outcomes for one, task in alone for outcomes in self._fetched([one], task, draws)]
