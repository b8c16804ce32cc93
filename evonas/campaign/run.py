"""Runs a plan: proposes, evaluates, journals, and goes on where it stopped."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait

from evonas.campaign.interruption import Interruption
from evonas.campaign.ledger import Ledger
from evonas.campaign.plan import Plan
from evonas.core.archive import Archive, Trial
from evonas.core.evaluation import Evaluation, Evaluator, StoppableEvaluator
from evonas.core.failure import Failure
from evonas.core.observer import Observer
from evonas.core.randomness import integer_seed
from evonas.core.searcher import Exhausted
from evonas.executors.failures import failure_of
from evonas.executors.processes import Processes
from evonas.journal.journal import Journal
from spaces.architecture import Architecture

TICK_SECONDS = 0.25


class Runner:
    """One session of a campaign: from what the journal holds to the end of the budget, or to an interruption.

    The journal is the state. A proposal is written before it is evaluated and an evaluation as soon as it comes home;
    a new session replays the journal, evaluates what is pending and goes on. With one worker a round is proposed when
    every earlier trial has come home, so the sequence is the same however often the campaign was killed. With several,
    it is proposed while the last trials of the round before are still being evaluated, so that no worker waits.

    Args:
        plan: What to run.
        journal: Open for writing; its manifest is the plan's.
        observer: Is told what happens.
    """

    def __init__(self, plan: Plan, journal: Journal, observer: Observer) -> None:
        self.plan = plan
        self.journal = journal
        self.observer = observer
        self._ledger = Ledger(plan, journal)
        self._handed_out: dict[Future[Evaluation], float] = {}

    @property
    def archive(self) -> Archive:
        """Every trial so far."""
        return self._ledger.archive

    def run(self) -> bool:
        """Runs to the end; False where it was interrupted."""
        self.journal.begin_session()
        interruption = Interruption(
            lambda: self.observer.note("stopping: running evaluations are finished and recorded; Ctrl-C again to kill")
        )
        finished = False
        try:
            with interruption:
                self.observer.started(self.plan.name, self.archive, self.plan.budget)
                finished = self._done() or self._session(interruption)
        finally:
            self.journal.add_stage_seconds(self._ledger.stage_seconds)
            self.observer.finished()
        return finished

    def _done(self) -> bool:
        complete = self.plan.affordable(self.archive) == 0 and not self.archive.pending
        return complete and not self._missing_retrainings()

    def _session(self, interruption: Interruption) -> bool:
        with self._ledger.timed("start workers"):
            executor = self.plan.executor()
        interruption.kill = _killer(executor)
        try:
            self._search(executor, interruption)
            if not interruption.requested:
                self._retrain_front(executor, interruption)
        except BaseException:
            interruption.kill()
            raise
        finally:
            with self._ledger.timed("stop workers"):
                executor.shutdown(wait=True, cancel_futures=True)
        return not interruption.requested

    def _search(self, executor: Executor, interruption: Interruption) -> None:
        queue: deque[Trial] = deque(self.archive.pending)
        running: dict[Future[Evaluation], Trial] = {}
        exhausted = False
        # Workers help to score proxies once one has brought a result home: until then they are starting, which takes
        # longer than to score a round. One worker never does: its sequence is the same bit for bit.
        helpers: Executor | None = None
        while True:
            while queue and len(running) < self.plan.workers and not interruption.requested:
                trial = queue.popleft()
                with self._ledger.timed("hand out"):
                    running[self._submit(executor, self.plan.evaluator_of(trial.proposal), trial, "train")] = trial
            missing = 0 if exhausted or interruption.requested else self.plan.affordable(self.archive)
            # One worker waits for its last result; several are given more before they run dry.
            if missing > 0 and not queue and (not running or self.plan.workers > 1):
                try:
                    with self.plan.proxies.helped_by(helpers):
                        queue.extend(self._propose(missing))
                except Exhausted as reason:
                    exhausted = True
                    self.observer.note(f"the search ends before its budget: {reason}")
                continue
            if not running:
                break
            for future in self._completed(set(running)):
                self._record(running.pop(future), future)
                helpers = executor if self.plan.workers > 1 else None

    def _propose(self, missing: int) -> list[Trial]:
        self.observer.stage("choosing candidates")
        trials = self._ledger.propose(min(missing, self.plan.batch if len(self.archive) else self.plan.initial))
        self.observer.proposed(trials)
        self.observer.stage("training")
        return trials

    def _record(self, trial: Trial, future: Future[Evaluation]) -> None:
        evaluation = _outcome(future, self._handed_out.pop(future))
        self.observer.evaluated(self._ledger.record(trial.number, evaluation))

    def _missing_retrainings(self) -> list[tuple[Trial, int]]:
        if self.plan.final_evaluator is None:
            return []
        done = {(number, seed) for number, seeds in self.journal.retrainings().items() for seed in seeds}
        return [
            (trial, index)
            for trial in self.archive.front()
            for index in range(self.plan.retrain_seeds)
            if (trial.number, index) not in done
        ]

    def _retrain_front(self, executor: Executor, interruption: Interruption) -> None:
        evaluator = self.plan.final_evaluator
        missing = deque(self._missing_retrainings())
        total, done = len(missing), 0
        if evaluator is None or not missing:
            return
        self.observer.stage("training the front anew, for test figures")
        with self._ledger.timed("retrain front"):
            running: dict[Future[Evaluation], tuple[Trial, int]] = {}
            while (missing and not interruption.requested) or running:
                while missing and len(running) < self.plan.workers and not interruption.requested:
                    trial, index = missing.popleft()
                    running[self._submit(executor, evaluator, trial, f"retrain {index}")] = (trial, index)
                for future in self._completed(set(running)):
                    trial, index = running.pop(future)
                    self.journal.add_retraining(trial.number, index, _outcome(future, self._handed_out.pop(future)))
                    done += 1
                    self.observer.retrained(done, total)

    def _submit(self, executor: Executor, evaluator: Evaluator, trial: Trial, purpose: str) -> Future[Evaluation]:
        architecture: Architecture = self.plan.problem.handed_out(trial.proposal.architecture)
        seed = integer_seed(self.plan.seed, trial.number, purpose)
        started = time.perf_counter()
        stopping = self.plan.stopping if purpose == "train" else None
        if stopping is not None and isinstance(evaluator, StoppableEvaluator):
            rule = stopping.rule(self.archive, trial)
            future = executor.submit(evaluator.evaluate_until, architecture, seed, rule)
        else:
            future = executor.submit(evaluator.evaluate, architecture, seed)
        self._handed_out[future] = started
        return future

    def _completed(self, futures: set[Future[Evaluation]]) -> list[Future[Evaluation]]:
        """Waits for at least one, and gives those that are done in the order of their trials."""
        with self._ledger.timed("wait"):
            while True:
                done = wait(futures, timeout=TICK_SECONDS, return_when=FIRST_COMPLETED).done
                self.observer.tick()
                if done:
                    return [future for future in futures if future in done]


def _killer(executor: Executor) -> Callable[[], None]:
    """What stops the executor's work at once; work in this process stops by the KeyboardInterrupt alone."""
    return executor.kill if isinstance(executor, Processes) else lambda: None


def _outcome(future: Future[Evaluation], handed_out: float) -> Evaluation:
    """What came home; an exception is a failure that took the time since it was handed out."""
    error = future.exception()
    seconds = time.perf_counter() - handed_out
    if error is not None:
        return Evaluation({}, seconds, failure_of(error))
    evaluation: object = future.result()
    if isinstance(evaluation, Evaluation):
        return evaluation
    message = f"the evaluator returned {type(evaluation).__name__}; it must return an Evaluation"
    return Evaluation({}, seconds, Failure("invalid", message))
