"""What to expect of candidates where proxies are all that tells them apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from evonas.core.archive import Archive, FloatArray
from evonas.core.problem import Candidate
from evonas.core.proxy_track import ProxyTrack, proxy_tracks
from evonas.searchers._proxy_scorer import proxy_of
from spaces.architecture import Architecture
from spaces.discovery import find
from spaces.space import Space
from surrogates import COMBINATIONS
from surrogates.combination import Combination, Scored, Trained
from surrogates.combinations.rank_aggregation import RankAggregation
from surrogates.combinations.ranks import relative_ranks
from surrogates.encodings.concatenated import Concatenated


class CombinedProxies:
    """Expects of a candidate what its proxies' combined rank lets expect.

    The share of candidates that one does not beat is the quantile of the trained candidates' values that it is expected
    to have. A combination that learns is taught by the trained candidates, each objective anew; ranks are aggregated
    until there are enough. In what does not learn, a proxy that anti-correlates beyond doubt with what was trained so
    far is turned over; in all its draws of weights, where there are several.

    Args:
        space: Whose architectures are compared; counts their parameters and encodes them for what learns.
        combination: Name of one.

    Raises:
        UnknownComponent: There is none of that name.
    """

    def __init__(self, space: Space, combination: str) -> None:
        self._space = space
        self._combination: Combination = find(COMBINATIONS, combination)()
        self._features = Concatenated(space)

    def expected(
        self,
        archive: Archive,
        candidates: Sequence[Candidate],
        scores: Sequence[Mapping[str, float]],
        rng: np.random.Generator,
    ) -> tuple[dict[str, FloatArray], tuple[str, ...]]:
        """Each objective that needs training, as the proxies let expect it.

        Args:
            archive: Its trained trials judge the proxies; at least one.
            candidates: ``n`` candidates.
            scores: Theirs by proxy, higher is better; those not known are absent.
            rng: Source of all randomness.

        Returns:
            By name values ``(n,)``, minimised, and a sentence for each proxy that was turned over.
        """
        names = sorted({name for row in scores for name in row})
        trained = archive.trained
        measured = archive.values(trained)
        learns = bool(names) and 0 < self._combination.least_trained <= len(measured)
        # Of several draws of weights the first speaks for all.
        judged = [] if learns else [one for one in proxy_tracks(archive) if one.proxy == proxy_of(one.proxy)]
        tracks = [track for track in judged if track.is_turned]
        table = _table(scores, names)
        if learns:
            known = self._known([one.architecture for one in candidates], table)
            told = self._known(
                [trial.proposal.architecture for trial in trained],
                _table([trial.proposal.proxies for trial in trained], names),
            )
        expected = {}
        for column, objective in enumerate(archive.objectives):
            if objective.needs != "training":
                continue
            if learns:
                combined = self._combination.combine(known, Trained(told, -measured[:, column]), rng)
            else:
                turned = {track.proxy for track in tracks if track.objective == objective.name}
                signs = np.array([-1.0 if proxy_of(name) in turned else 1.0 for name in names])
                combined = self._untaught(table * signs, [proxy_of(name) for name in names], rng)
            expected[objective.name] = np.quantile(measured[:, column], 1 - _shares(combined))
        return expected, tuple(_turned(track) for track in tracks if track.proxy in names)

    def _untaught(self, scores: FloatArray, proxies: Sequence[str], rng: np.random.Generator) -> FloatArray:
        """Combined without learning; where a combination is of repeated scores, each proxy's, then those by rank."""
        free = self._combination
        if free.of_repeats:
            columns = [np.flatnonzero(np.array(proxies) == proxy) for proxy in dict.fromkeys(proxies)]
            ordered = [_combined(free, scores[:, chosen], rng) for chosen in columns]
            scores = np.stack(ordered, axis=1) if ordered else scores
        return _combined(RankAggregation() if free.least_trained or free.of_repeats else free, scores, rng)

    def _known(self, architectures: Sequence[Architecture], table: FloatArray) -> Scored:
        graphs = [self._space.simplify(architecture) for architecture in architectures]
        sizes = np.array([self._space.cost(graph).parameters for graph in graphs], np.float64)
        return Scored(table, sizes, self._features.encode(graphs).astype(np.float64))


def _combined(combination: Combination, scores: FloatArray, rng: np.random.Generator) -> FloatArray:
    candidates = Scored.by_scores(scores)
    return combination.combine(candidates, Trained.none(candidates), rng)


def _table(scores: Sequence[Mapping[str, float]], names: Sequence[str]) -> FloatArray:
    return np.array([[row.get(name, np.nan) for name in names] for row in scores]).reshape(len(scores), len(names))


def _shares(combined: FloatArray) -> FloatArray:
    """Relative ranks ``(n,)`` of the combined scores; the middle where no proxy is known."""
    ranks = relative_ranks(combined[:, None])[:, 0]
    return np.where(np.isnan(ranks), 0.5, ranks)


def _turned(track: ProxyTrack) -> str:
    return f"proxy {track.proxy} anti-correlated with {track.objective} and was turned over"
