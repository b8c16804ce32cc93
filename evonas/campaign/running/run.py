"""Runs a plan: proposes, evaluates, journals, and goes on where it stopped."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from typing import Any

from evonas.campaign.planning.plan import Plan
from evonas.campaign.running.brought_home import brought_home
from evonas.campaign.running.interruption import Interruption
from evonas.campaign.running.ledger import Ledger
from evonas.campaign.running.waiting import Job, Waiting
from evonas.core.archive import Archive, Trial
from evonas.core.evaluation import Evaluation, Evaluator, StoppableEvaluator
from evonas.core.failure import Failure
from evonas.core.joint_evaluator import JointEvaluator
from evonas.core.observer import Observer
from evonas.core.randomness import integer_seed
from evonas.core.searcher import Exhausted
from evonas.executors.failures import failure_of
from evonas.executors.processes import Processes
from evonas.journal.journal import Journal

TICK_SECONDS = 0.25


class Runner:
    """One session of a campaign: from what the journal holds to the end of the budget, or to an interruption.

    The journal is the state. A proposal is written before it is evaluated and an evaluation as soon as it comes home;
    a new session replays the journal, evaluates what is pending and goes on. With one worker a round is proposed when
    every earlier trial has come home, so the sequence is the same however often the campaign was killed. With several,
    it is proposed while the last trials of the round before are still being evaluated, so that no worker waits.

    A worker may be given several trials to train together, a pack. It is journalled whole; one that does not come home
    is handed out again trial by trial.

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
        self._handed_out: dict[Future[Any], float] = {}

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
            self.observer.finished()  # first, for a full disk refuses the seconds
            self.journal.add_stage_seconds(self._ledger.stage_seconds)
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
        queue = Waiting(self.plan.pack, map(Job, self.archive.pending))
        running: dict[Future[Any], list[Job]] = {}
        exhausted = False
        # Workers help to score proxies once one has brought a result home: until then they are starting, which takes
        # longer than to score a round. One worker never does: its sequence is the same bit for bit.
        helpers: Executor | None = None
        while True:
            while queue and len(running) < self.plan.workers and not interruption.requested:
                jobs = queue.take(self.plan.workers - len(running))
                with self._ledger.timed("hand out"):
                    evaluator = self.plan.evaluator_of(jobs[0].trial.proposal)
                    running[self._submit(executor, evaluator, jobs)] = jobs
            missing = 0 if exhausted or interruption.requested else self.plan.affordable(self.archive)
            if missing > 0 and not queue and self._may_propose(len(running)):
                try:
                    with self.plan.proxies.helped_by(helpers):
                        queue.add(map(Job, self._propose(missing)))
                except Exhausted as reason:
                    exhausted = True
                    if not running:
                        self.observer.note(f"the search ends before its budget: {reason}")
                continue
            if not running:
                break
            for future in self._completed(set(running)):
                jobs = running.pop(future)
                evaluations = self._home(future, jobs)
                if evaluations is None:
                    queue.put_back(jobs)
                    continue
                exhausted = False  # what came home may climb, or be trained again
                numbers = [job.trial.number for job in jobs]
                for trial in self._ledger.record_together(dict(zip(numbers, evaluations, strict=True))):
                    self.observer.evaluated(trial)
                helpers = executor if self.plan.workers > 1 else None

    def _may_propose(self, running: int) -> bool:
        """One worker waits for its last result; several are given more before they run dry.

        Packs are proposed once a worker is free: earlier, a round would be chosen while all of the one before is out.
        """
        several = self.plan.workers > 1
        return not running or (several and (self.plan.pack == 1 or running < self.plan.workers))

    def _propose(self, missing: int) -> list[Trial]:
        self.observer.stage("choosing candidates")
        trials = self._ledger.propose(min(missing, self.plan.batch if len(self.archive) else self.plan.initial))
        self.observer.proposed(trials)
        self.observer.stage("training")
        return trials

    def _missing_retrainings(self) -> list[Job]:
        if self.plan.final_evaluator is None:
            return []
        done = {(number, seed) for number, seeds in self.journal.retrainings().items() for seed in seeds}
        return [
            Job(trial, index)
            for trial in self.archive.front()
            for index in range(self.plan.retrain_seeds)
            if (trial.number, index) not in done
        ]

    def _retrain_front(self, executor: Executor, interruption: Interruption) -> None:
        evaluator = self.plan.final_evaluator
        missing = Waiting(self.plan.pack, self._missing_retrainings())
        total, done = len(missing), 0
        if evaluator is None or not missing:
            return
        self.observer.stage("training the front anew, for test figures")
        with self._ledger.timed("retrain front"):
            running: dict[Future[Any], list[Job]] = {}
            while (missing and not interruption.requested) or running:
                while missing and len(running) < self.plan.workers and not interruption.requested:
                    jobs = missing.take(self.plan.workers - len(running))
                    running[self._submit(executor, evaluator, jobs)] = jobs
                for future in self._completed(set(running)):
                    jobs = running.pop(future)
                    evaluations = self._home(future, jobs)
                    if evaluations is None:
                        missing.put_back(jobs)
                        continue
                    keys = [(job.trial.number, job.retraining or 0) for job in jobs]
                    checked = [brought_home(one, self.plan.problem.predicted_names) for one in evaluations]
                    self.journal.add_retrainings(dict(zip(keys, checked, strict=True)))
                    done += len(jobs)
                    self.observer.retrained(done, total)

    def _submit(self, executor: Executor, evaluator: Evaluator, jobs: list[Job]) -> Future[Any]:
        """Hands out one job, or several at once where the evaluator evaluates together."""
        architectures = [self.plan.problem.handed_out(job.trial.proposal.architecture) for job in jobs]
        purposes = ["train" if job.retraining is None else f"retrain {job.retraining}" for job in jobs]
        numbered = zip(jobs, purposes, strict=True)
        seeds = [integer_seed(self.plan.seed, job.trial.number, purpose) for job, purpose in numbered]
        started = time.perf_counter()
        future: Future[Any]
        rules = []
        if self.plan.stopping is not None and jobs[0].retraining is None:
            rules = [self.plan.stopping.rule(self.archive, job.trial) for job in jobs]
        if self.plan.pack != 1 and isinstance(evaluator, JointEvaluator):
            together = (architectures, seeds, rules) if rules else (architectures, seeds)
            if isinstance(executor, Processes):
                future = executor.submit_together(len(jobs), evaluator.evaluate_together, *together)
            else:
                future = executor.submit(evaluator.evaluate_together, *together)
        elif rules and isinstance(evaluator, StoppableEvaluator):
            future = executor.submit(evaluator.evaluate_until, architectures[0], seeds[0], rules[0])
        else:
            future = executor.submit(evaluator.evaluate, architectures[0], seeds[0])
        self._handed_out[future] = started
        return future

    def _home(self, future: Future[Any], jobs: list[Job]) -> list[Evaluation] | None:
        """What came home of each job; None where nothing did that tells which of several is to blame."""
        handed_out = self._handed_out.pop(future)
        error = future.exception()
        if error is None or len(jobs) == 1:
            return _outcomes(future, len(jobs), time.perf_counter() - handed_out)
        numbers = ", ".join(str(job.trial.number) for job in jobs)
        self.observer.note(
            f"trials {numbers} did not come home from training together and go one at a time: "
            f"{failure_of(error).message}"
        )
        return None

    def _completed(self, futures: set[Future[Any]]) -> list[Future[Any]]:
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


def _outcomes(future: Future[Any], count: int, seconds: float) -> list[Evaluation]:
    """What came home; an exception is a failure that took the time since it was handed out."""
    error = future.exception()
    if error is not None:
        return [Evaluation({}, seconds, failure_of(error))]
    result: object = future.result()
    found = result if isinstance(result, list) else [result]
    if len(found) != count:
        message = f"the evaluator returned {len(found)} evaluations of {count} architectures"
        return [Evaluation({}, seconds / count, Failure("invalid", message))] * count
    return [each if isinstance(each, Evaluation) else _no_evaluation(each, seconds / count) for each in found]


def _no_evaluation(value: object, seconds: float) -> Evaluation:
    message = f"the evaluator returned {type(value).__name__}; it must return an Evaluation"
    return Evaluation({}, seconds, Failure("invalid", message))
