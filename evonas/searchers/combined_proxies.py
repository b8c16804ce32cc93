"""What to expect of candidates where proxies are all that tells them apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from evonas.core.archive import Archive, FloatArray
from evonas.core.proxy_track import ProxyTrack, proxy_tracks
from surrogates.combination import Trained
from surrogates.combinations.rank_aggregation import RankAggregation
from surrogates.combinations.ranks import relative_ranks


def expected_by_proxies(
    archive: Archive, scores: Sequence[Mapping[str, float]]
) -> tuple[dict[str, FloatArray], tuple[str, ...]]:
    """Each objective that needs training, as the proxies' combined ranks let expect it.

    The candidates' scores are aggregated by rank; the share of candidates that one does not beat is the quantile of the
    trained candidates' values that it is expected to have. A proxy that anti-correlates beyond doubt with what was
    trained so far is turned over.

    Args:
        archive: Its trained trials judge the proxies; at least one.
        scores: Of ``n`` candidates by proxy, higher is better; those not known are absent.

    Returns:
        By name values ``(n,)``, minimised, and a sentence for each proxy that was turned over.
    """
    names = sorted({name for row in scores for name in row})
    table = np.array([[row.get(name, np.nan) for name in names] for row in scores]).reshape(len(scores), len(names))
    tracks = proxy_tracks(archive)
    measured = archive.values()
    expected = {}
    for column, objective in enumerate(archive.objectives):
        if objective.needs == "training":
            turned = {track.proxy for track in tracks if track.is_turned and track.objective == objective.name}
            signs = np.array([-1.0 if name in turned else 1.0 for name in names])
            expected[objective.name] = np.quantile(measured[:, column], 1 - _shares(table * signs))
    notes = tuple(_turned(track) for track in tracks if track.is_turned and track.proxy in names)
    return expected, notes


def _shares(table: FloatArray) -> FloatArray:
    """Relative ranks ``(n,)`` of the combined scores; the middle where no proxy is known."""
    nothing = Trained(np.empty((0, table.shape[1])), np.empty(0))
    combined = RankAggregation().combine(table, nothing, np.random.default_rng(0))  # which draws nothing
    ranks = relative_ranks(combined[:, None])[:, 0]
    return np.where(np.isnan(ranks), 0.5, ranks)


def _turned(track: ProxyTrack) -> str:
    return f"proxy {track.proxy} anti-correlated with {track.objective} and was turned over"
