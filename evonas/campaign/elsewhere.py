"""A search whose evaluations run elsewhere: on a cluster, by hand, in another program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, cast

from evonas.campaign.assemble import assemble
from evonas.campaign.ledger import Ledger
from evonas.campaign.numbers_given import check_numbers
from evonas.campaign.parts import Part, Parts
from evonas.campaign.result import Result
from evonas.campaign.rungs import rising
from evonas.campaign.session import open_journal
from evonas.core.archive import Archive, Trial
from evonas.core.constraint import Constraint
from evonas.core.evaluation import Evaluation, Evaluator
from evonas.core.failure import FAILURE_KINDS, Failure, FailureKind
from evonas.core.objective import Goal, Missing, Training
from evonas.objectives.function import Function
from spaces.architecture import Architecture
from spaces.space import Space

_UNLIMITED = 10**9


class Elsewhere(Evaluator):
    """Stands where a campaign has its evaluator, and evaluates nothing.

    Args:
        epochs: Of an evaluation elsewhere, where there are rungs; 0 where that is nobody's business here.
    """

    def __init__(self, epochs: int = 0) -> None:
        self.epochs = epochs

    def evaluate(self, architecture: Architecture, seed: int) -> Evaluation:
        return Evaluation({}, 0.0, Failure("invalid", "this search is evaluated elsewhere: report() its values"))


class Search:
    """Proposes candidates and is told what became of them (ask and tell); whoever holds it runs the evaluations.

    What is proposed is journalled as pending, and what is reported as it comes: a search that is opened again in its
    directory knows both, also those that were proposed and not reported.

        with evonas.Search(space, ["accuracy:max", "macs"], directory="results/mine") as search:
            for trial in search.pending or search.propose(4):
                search.report(trial, {"accuracy": my_training(search.space, trial.proposal.architecture)})

    Arguments are those of ``evonas.search``. An objective written with its goal, such as ``"accuracy:max"``, is a
    figure that is reported.

    With rungs, ``trial.proposal.rung`` says for how many epochs a trial is to be trained, None for all; what it then
    brought home is reported of it, and compared on its rung alone.

    Args:
        space: The search space, by name or an object.
        objectives: What is minimised or maximised; those that need training are what ``report`` is given.
        seed: Fixes every random choice.
        constraints: Bounds on objectives that are known before training, e.g. ``{"macs": "<= 2e5"}``.
        searcher: What chooses the next candidates.
        predictor: What predicts the objectives that are reported.
        proxies: Scores of untrained networks that the predictor is told.
        rungs: Epochs, rising, of shorter trainings, of which the best third climbs; they need ``epochs``.
        epochs: Of a full training.
        dataset: Where proxies take their batch from, if its shape is the space's.
        warm_start: Results folder of an earlier campaign over the same space.
        directory: Results folder; None keeps everything in memory.
        name: Name of the search.

    Raises:
        CampaignError: A part cannot be made, or parts do not fit together.
        ChangedCampaign: The directory holds another search.
        ValueError: A goal that is neither min nor max, rungs that do not rise, or a number that is out of its range.
        JournalError: The directory cannot be written, or another process writes it.
    """

    def __init__(
        self,
        space: Part,
        objectives: Sequence[Part] = ("validation_error", "macs", "parameters"),
        seed: int = 0,
        *,
        constraints: Mapping[str, str] | None = None,
        searcher: Part = "screened_nsga2",
        predictor: Part | None = "gaussian_process",
        proxies: Sequence[Part] = (),
        rungs: Sequence[int] = (),
        epochs: int = 0,
        dataset: Part = "digits",
        warm_start: str | Path | None = None,
        directory: str | Path | None = None,
        name: str = "search",
    ) -> None:
        check_numbers("Search", seed=seed, epochs=epochs)
        bounds = [Constraint.parse(bound, text) for bound, text in (constraints or {}).items()]
        folder = Path(directory) if directory is not None else None
        self._plan = assemble(
            Parts(
                name=name,
                space=space,
                budget=_UNLIMITED,
                dataset=dataset,
                # Rungs change the epochs of what is named; what was begun without rungs has an object here.
                evaluator={"name": f"{__name__}.Elsewhere", "epochs": epochs} if rungs else Elsewhere(),
                objectives=objectives if isinstance(objectives, str) else [_reported(part) for part in objectives],
                constraints=bounds,
                searcher=searcher,
                predictor=predictor,
                proxies=proxies,
                rungs=rising(rungs),
                executor={"name": "serial"},
                seed=seed,
                retrain_seeds=0,
                warm_start=str(warm_start) if warm_start is not None else None,
            ),
            folder,
        )
        self._journal = open_journal(self._plan, folder)
        try:
            self._ledger = Ledger(self._plan, self._journal)
            self._journal.begin_session()
        except BaseException:
            self._journal.close()
            raise

    @property
    def space(self) -> Space:
        """The search space."""
        return self._plan.problem.space

    @property
    def archive(self) -> Archive:
        """Every trial so far."""
        return self._ledger.archive

    @property
    def pending(self) -> list[Trial]:
        """Proposed and not yet reported, by number."""
        return self.archive.pending

    @property
    def result(self) -> Result:
        """The front, the archive and a report, as they stand now."""
        problem = self._plan.problem
        return Result(self._journal.record(self._plan.name, problem.space, problem.objectives))

    def propose(self, count: int = 1) -> list[Trial]:
        """At most ``count`` new candidates, written down as pending; those that are pending already count as predicted.

        ``trial.proposal.notation`` is the space's own text, ``space.build(trial.proposal.architecture)`` the network.

        Raises:
            ValueError: ``count`` is no whole number of at least 1.
            Exhausted: Nothing unseen and feasible is left.
            SearchError: Nothing feasible was found at all.
        """
        check_numbers("propose", count=count)
        return self._ledger.propose(count)

    def report(self, trial: Trial | int, values: Mapping[str, float], seconds: float = 0.0) -> Trial:
        """Records what a trial brought home.

        Args:
            trial: The trial, or its number.
            values: Every objective that needs training, by name, in its own unit and direction.
            seconds: What the evaluation took, for the report.

        Raises:
            ValueError: The trial is not pending; a name is missing or unknown. What is no finite number is recorded as
                a failure.
        """
        wanted, given = set(self._plan.problem.predicted_names), set(values)
        if wanted != given:
            raise ValueError(
                f"report: expected a value for each of {', '.join(sorted(wanted)) or 'no objective'}; got "
                f"{', '.join(sorted(given)) or 'none'}. What went wrong is told by fail()"
            )
        return self._ledger.record(_number(trial), Evaluation(dict(values), seconds))

    def fail(self, trial: Trial | int, message: str, kind: FailureKind = "crash", seconds: float = 0.0) -> Trial:
        """Records that a trial brought nothing home: never a number, and never proposed again.

        Raises:
            ValueError: The trial is not pending, or there is no such kind of failure.
        """
        if kind not in FAILURE_KINDS:
            raise ValueError(f"fail: kind must be one of {', '.join(FAILURE_KINDS)}; got {kind!r}")
        return self._ledger.record(_number(trial), Evaluation({}, seconds, Failure(kind, message)))

    def close(self) -> None:
        """Closes the journal; what is pending stays pending. Closing again does nothing."""
        if not self._journal.is_closed:
            self._journal.add_stage_seconds(self._ledger.stage_seconds)
            self._journal.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _reported(part: Part) -> Part:
    if isinstance(part, str) and ":" in part:
        title, _, goal = part.rpartition(":")
        return Function(_measured_elsewhere, title, goal=cast(Goal, goal))
    return part


def _measured_elsewhere(training: Training) -> float:  # noqa: ARG001 - its name says what the objective needs
    raise Missing("this objective is reported from outside, and measures nothing here")


def _number(trial: Trial | int) -> int:
    return trial.number if isinstance(trial, Trial) else trial
