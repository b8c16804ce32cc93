"""What waits for a worker, and what goes to one together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evonas.core.archive import Trial


@dataclass(frozen=True, slots=True)
class Job:
    """One training that a worker is given.

    Attributes:
        trial: Of whose architecture.
        retraining: Which retraining of a member of the front; None for the search's own training.
        alone: Whether it is given to a worker without others, as after a common training that did not come home.
    """

    trial: Trial
    retraining: int | None = None
    alone: bool = False


class Waiting:
    """Jobs in their order, handed out as packs: what one worker trains together.

    What is in a pack depends on what waits and on how many workers are free, and on nothing else. With one worker a
    campaign that was killed therefore makes the same packs again, since a pack is journalled whole.

    Args:
        pack: Jobs handed out together, at most; None for an equal share of all that wait for each free worker. How
            many of them train at a time the worker's memory decides.
        jobs: That wait from the beginning.
    """

    def __init__(self, pack: int | None, jobs: Iterable[Job] = ()) -> None:
        self._pack = pack
        self._jobs = list(jobs)

    def __len__(self) -> int:
        return len(self._jobs)

    def add(self, jobs: Iterable[Job]) -> None:
        """Puts jobs at the end."""
        self._jobs.extend(jobs)

    def put_back(self, jobs: Iterable[Job]) -> None:
        """Puts jobs back to the front, each to be handed out alone."""
        self._jobs[:0] = [Job(job.trial, job.retraining, alone=True) for job in jobs]

    def take(self, free: int) -> list[Job]:
        """The first job, with those to be trained together with it: of its rung, as one program has one schedule.

        Args:
            free: Workers that are free, this pack's included.
        """
        first = self._jobs[0]
        most = self._pack if self._pack is not None else -(-len(self._jobs) // free)
        rung = first.trial.proposal.rung
        fitting = [job for job in self._jobs if not job.alone and job.trial.proposal.rung == rung][:most]
        taken = [first] if first.alone else fitting
        chosen = {id(job) for job in taken}
        self._jobs = [job for job in self._jobs if id(job) not in chosen]
        return taken
