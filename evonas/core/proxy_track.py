"""How each proxy ranked what was trained."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from evonas.core.archive import Archive, Trial
from surrogates.ranking import kendall_tau

FEWEST_TO_JUDGE = 8
ERROR_RATE = 0.05


@dataclass(frozen=True, slots=True)
class ProxyTrack:
    """One proxy's Kendall tau with one measured objective: 1 where it puts the better always higher.

    Proxies are never trained, so every trained candidate is out of sample. But what screening chose was chosen in part
    by the proxies, and among the chosen even a good proxy may seem to anti-correlate (selection on a common effect); so
    it is judged on the candidates that were drawn at random.

    Attributes:
        proxy: Its name.
        objective: An objective that needs training.
        n: Trained candidates that it scored.
        tau: Over these; None where it is not defined.
        random_n: Of these, drawn at random.
        random_tau: Over the random ones; None where it is not defined.
        interval: Confidence interval of ``random_tau`` that, over all proxies of the campaign, holds with 95 %
            (Bonferroni), at one look; None for fewer than 8.
    """

    proxy: str
    objective: str
    n: int
    tau: float | None
    random_n: int
    random_tau: float | None
    interval: tuple[float, float] | None

    @property
    def is_turned(self) -> bool:
        """Whether it anti-correlates beyond doubt, so that screening by proxies turns its order over."""
        return self.interval is not None and self.interval[1] < 0


def proxy_tracks(archive: Archive) -> tuple[ProxyTrack, ...]:
    """Every proxy with every objective that needs training, in the order of the objectives, then by name."""
    trained = archive.trained
    proxies = sorted({name for trial in trained for name in trial.proposal.proxies})
    objectives = [objective.name for objective in archive.objectives if objective.needs == "training"]
    return tuple(_track(archive, trained, proxy, name, len(proxies)) for name in objectives for proxy in proxies)


def tau_interval(tau: float, n: int, confidence: float) -> tuple[float, float]:
    """Central confidence interval of Kendall's tau by Fisher's transformation, whose variance is 0.437 / (n - 4).

    Source: Fieller, Hartley and Pearson, "Tests for rank correlation coefficients", Biometrika 1957.

    Args:
        tau: In [-1, 1].
        n: Pairs, at least 5.
        confidence: In (0, 1).
    """
    centre = math.atanh(max(-0.999, min(0.999, tau)))
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * math.sqrt(0.437 / (n - 4))
    return math.tanh(centre - reach), math.tanh(centre + reach)


def _track(archive: Archive, trained: Sequence[Trial], proxy: str, objective: str, proxies: int) -> ProxyTrack:
    scored = [trial for trial in trained if proxy in trial.proposal.proxies]
    random = [trial for trial in scored if trial.proposal.origin == "random"]
    tau = _tau(archive, random, proxy, objective)
    judged = tau is not None and len(random) >= FEWEST_TO_JUDGE
    interval = tau_interval(tau, len(random), 1 - ERROR_RATE / proxies) if judged and tau is not None else None
    return ProxyTrack(
        proxy, objective, len(scored), _tau(archive, scored, proxy, objective), len(random), tau, interval
    )


def _tau(archive: Archive, trials: Sequence[Trial], proxy: str, objective: str) -> float | None:
    column = archive.names.index(objective)
    scores = np.array([trial.proposal.proxies[proxy] for trial in trials], np.float64)
    finite = np.isfinite(scores)
    return kendall_tau(-scores[finite], archive.values(trials)[finite, column])
