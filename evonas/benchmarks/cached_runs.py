"""Many runs of one measurement, on several processes, of which none is done twice."""

from __future__ import annotations

import hashlib
import inspect
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evonas.benchmarks.progress_line import ProgressLine
from evonas.executors.processes import Processes
from evonas.executors.serial import Serial

_PACKAGES = Path(__file__).resolve().parents[2]
_CODE = (
    *("spaces", "surrogates", "evonas/benchmarks", "evonas/core", "evonas/datasets", "evonas/evaluators"),
    *("evonas/objectives", "evonas/searchers", "evonas/tables"),
)

Outcome = dict[str, Any]
"""What a run measured, as JSON holds it; or ``{"failure": why}``."""


@dataclass(frozen=True, slots=True)
class CachedRuns:
    """Runs of one measurement.

    Attributes:
        measure: Takes a run's arguments by name and returns what JSON can hold; picklable.
        context: Whatever else the result depends on, as plain values: two comparisons share no result unless it is
            equal.
        folder: Where finished runs are kept, a file each, so that an interrupted comparison goes on; None keeps none.
            Failures are not kept: the next time may bring a result.
    """

    measure: Callable[..., Outcome]
    context: Mapping[str, Any]
    folder: Path | None = None

    def outcomes(self, runs: Sequence[Mapping[str, Any]], workers: int = 1) -> list[Outcome]:
        """Does the runs that are not known, in their order, and says on the way how far it is.

        What a run raises is its failure and ends no other.

        Args:
            runs: Arguments of ``measure``, plain values.
            workers: Processes; 1 runs in this one.

        Returns:
            An outcome for each run.
        """
        found = [self._known(run) for run in runs]
        waiting = [number for number, outcome in enumerate(found) if outcome is None]
        progress = ProgressLine(len(runs), len(runs) - len(waiting))
        pending: dict[Future[Outcome], int] = {}
        with Serial() if workers == 1 else Processes(workers) as executor:
            try:
                while waiting or pending:
                    while waiting and len(pending) < workers:
                        number = waiting.pop(0)
                        pending[executor.submit(self.measure, **runs[number])] = number
                    for future in wait(pending, return_when=FIRST_COMPLETED).done:
                        number = pending.pop(future)
                        found[number] = self._home(runs[number], future)
                        progress.advance()
            except BaseException:
                if isinstance(executor, Processes):
                    executor.kill()
                raise
            finally:
                progress.finish()
        return [outcome for outcome in found if outcome is not None]

    def _home(self, run: Mapping[str, Any], future: Future[Outcome]) -> Outcome:
        error = future.exception()
        if error is not None:
            return {"failure": f"{type(error).__name__}: {error}"}
        outcome = future.result()
        if self.folder is not None:
            file = self._file(self.folder, run)
            file.parent.mkdir(parents=True, exist_ok=True)
            partial = file.with_name(f".{file.name}.{os.getpid()}.part")
            partial.write_text(json.dumps({"run": run, "outcome": outcome}))
            partial.replace(file)
        return outcome

    def _known(self, run: Mapping[str, Any]) -> Outcome | None:
        if self.folder is None:
            return None
        try:
            outcome: Outcome = json.loads(self._file(self.folder, run).read_text())["outcome"]
        except (FileNotFoundError, ValueError, KeyError):  # not there, or damaged: the run is done again
            return None
        return outcome

    def _file(self, folder: Path, run: Mapping[str, Any]) -> Path:
        text = json.dumps([self.context, run], sort_keys=True)
        return folder / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"


def code_digest(components: Iterable[type]) -> str:
    """Changes with the code that results depend on, so that figures of older code are not taken for today's.

    Args:
        components: Classes of the user's own that take part; the project's own files count in any case.
    """
    files = {file for folder in _CODE for file in (_PACKAGES / folder).rglob("*.py")}
    files |= {Path(inspect.getfile(component)) for component in components}
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.read_bytes())
    return digest.hexdigest()
