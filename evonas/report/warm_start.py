"""What a campaign was started from, and whether that helped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np

from evonas.core.proxy_track import proxy_tracks
from evonas.core.record import Record
from evonas.report.proxies import verdict
from surrogates.ranking import kendall_tau

FEWEST_SHARED = 4


def warm_start_sentences(record: Record) -> list[str]:
    """Sentences on the earlier campaign; none where the campaign was not started from one."""
    earlier: Mapping[str, Any] | None = record.manifest.get("warm_start")
    if earlier is None:
        return []
    archive = record.archive
    first = [trial for trial in archive.trials if not trial.proposal.replicate]
    taken = [trial for trial in first if trial.proposal.origin == "warm_start"]
    front = {trial.number for trial in archive.front()}
    trained = sum(trial.trained for trial in taken)
    kept = sum(trial.number in front for trial in taken)
    return [
        f"This campaign was started from {earlier['name']} ({earlier['directory']}), of which {len(earlier['trials'])} "
        "full trainings were taken note of as they stood then; none of its values counts as one of this campaign.",
        f"{len(taken)} of its best were trained anew in the first sample: {trained} trained, of which {kept} are on "
        "this campaign's front.",
        *_of_predictions(record),
        *_of_values(record, earlier),
    ]


def _of_predictions(record: Record) -> Iterator[str]:
    """How what the earlier campaign lets expect ranked candidates that were drawn at random."""
    for track in proxy_tracks(record.archive):
        if track.proxy.startswith("earlier("):
            yield (
                f"Of {track.random_n} candidates drawn at random, the order by what it lets expect, {track.proxy}, and "
                f"by the measured {track.objective} {_agreement(track.random_tau)} ({verdict(track)})."
            )


def _of_values(record: Record, earlier: Mapping[str, Any]) -> Iterator[str]:
    """How the earlier measurements ranked what both campaigns trained; costs known without training say nothing."""
    archive = record.archive
    before = {trial["notation"]: trial["values"] for trial in earlier["trials"]}
    shared = [trial for trial in archive.trained if trial.proposal.notation in before]
    if len(shared) < FEWEST_SHARED:
        return
    trained = [one for one in archive.objectives if one.needs == "training"]
    for objective, then in product(trained, (one for one in earlier["objectives"] if one["needs"] == "training")):
        sign = 1.0 if objective.goal == then["goal"] else -1.0
        values = np.array([sign * before[trial.proposal.notation][then["name"]] for trial in shared])
        tau = kendall_tau(values, np.array([trial.values[objective.name] for trial in shared]))
        yield (
            f"Of the {len(shared)} architectures that both trained, the order by its {then['name']} and by this "
            f"campaign's {objective.name} {_agreement(tau)}."
        )


def _agreement(tau: float | None) -> str:
    return "cannot be compared: all are equal" if tau is None else f"agrees to Kendall tau {tau:.2f}"
