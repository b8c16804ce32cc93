"""Zero-cost proxy scores of candidates, cached by identity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import torch

from evonas.core.archive import Archive
from evonas.core.problem import Candidate
from spaces.space import Space
from surrogates.proxies.proxy import Proxy
from surrogates.proxies.proxy_failure import ProxyFailure
from surrogates.proxies.scoring import score_all
from surrogates.threads import one_torch_thread

if TYPE_CHECKING:
    from torch import Tensor


class ProxyScores:
    """Scores built, untrained networks by several proxies in one shared pass.

    A network's weights are drawn under a seed made of its key, so that a score is a function of the candidate alone:
    the same in every process and whatever else is scored.

    Args:
        space: Builds the networks.
        proxies: By name; may be empty.
        inputs: One batch of training inputs ``(n, *input_shape)``.
        targets: Its labels ``(n,)``.
    """

    def __init__(self, space: Space, proxies: Mapping[str, Proxy], inputs: Tensor, targets: Tensor) -> None:
        self.space = space
        self.proxies = dict(proxies)
        self.inputs = inputs
        self.targets = targets
        self._scores: dict[str, dict[str, float]] = {}
        self._failures: dict[str, dict[str, str]] = {}

    def __bool__(self) -> bool:
        return bool(self.proxies)

    def remember(self, archive: Archive) -> None:
        """Takes over what the archive knows already, so that going on needs no second scoring."""
        for trial in archive.trials:
            if trial.proposal.proxies:
                key = self.space.simplify(trial.proposal.architecture).key
                self._scores.setdefault(key, dict(trial.proposal.proxies))

    def of(self, candidates: Sequence[Candidate]) -> list[dict[str, float]]:
        """Scores by proxy name for each candidate, higher is better; a proxy that failed is absent."""
        if not self.proxies:
            return [{} for _ in candidates]
        with one_torch_thread(), torch.random.fork_rng(devices=[]):
            for candidate in candidates:
                if candidate.simplified.key not in self._scores:
                    self._score(candidate)
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

    def _score(self, candidate: Candidate) -> None:
        # The processor's generator alone: torch.manual_seed would seed those of GPUs too, which are not put back.
        torch.default_generator.manual_seed(int(candidate.simplified.key[:8], 16))
        try:
            model = self.space.build(candidate.simplified)
            outcome = score_all(self.proxies, model, self.inputs, self.targets)
        except Exception as error:
            outcome = {name: ProxyFailure(f"{type(error).__name__}: {error}") for name in self.proxies}
        self._scores[candidate.simplified.key] = {
            name: score for name, score in outcome.items() if not isinstance(score, ProxyFailure)
        }
        failed = {name: str(score) for name, score in outcome.items() if isinstance(score, ProxyFailure)}
        if failed:
            self._failures[candidate.simplified.key] = failed
