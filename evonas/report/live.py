"""A running campaign as a live terminal view."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live as RichLive
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from evonas.core.archive import Archive, Trial
from evonas.core.observer import Observer
from evonas.report.watching import Watching, duration, figure

ROWS = 12
BLOCKS = "▁▂▃▄▅▆▇█"


class Live(Observer):
    """Counts, the current front, hypervolume and time left, redrawn in place.

    Args:
        console: A terminal.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self._live: RichLive | None = None
        self._watching: Watching | None = None
        self._stage = ""
        self._trace: list[float] = []

    def started(self, name: str, archive: Archive, budget: int) -> None:
        self._watching = Watching(name, archive, budget)
        self._live = RichLive(self._render(), console=self.console, refresh_per_second=4, transient=True)
        self._live.start()

    def stage(self, stage: str) -> None:
        self._stage = stage
        self._refresh()

    def proposed(self, trials: Sequence[Trial]) -> None:
        if self._watching is not None:
            self._watching.add_round(trials)
        self._refresh()

    def evaluated(self, trial: Trial) -> None:
        if trial.failure is not None:
            self.note(f"trial {trial.number} failed ({trial.failure.kind}): {trial.failure.message}")
        if self._watching is not None and self._watching.hypervolume is not None:
            self._trace.append(self._watching.hypervolume)
        self._refresh()

    def retrained(self, done: int, total: int) -> None:
        self._stage = f"training the front anew, for test figures: {done}/{total}"
        self._refresh()

    def note(self, sentence: str) -> None:
        self.console.print(sentence, markup=False, highlight=False)

    def tick(self) -> None:
        self._refresh()

    def finished(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _refresh(self) -> None:
        if self._live is not None:
            self._live.update(self._render())

    def _render(self) -> RenderableType:
        watching = self._watching
        if watching is None:
            return Text("")
        archive = watching.archive
        head = Table.grid(padding=(0, 2))
        head.add_row(
            Text(watching.name, style="bold"),
            ProgressBar(total=watching.budget, completed=watching.done, width=30),
            f"{watching.done}/{watching.budget}",
            Text(f"{len(archive.trained)} trained", style="green"),
            Text(f"{len(archive.failed)} failed", style="red" if archive.failed else "dim"),
            f"{watching.screened:,} screened",
        )
        left = duration(watching.seconds_left) if watching.seconds_left is not None else "…"
        value = f"{watching.hypervolume:.4f}" if watching.hypervolume is not None else "after the first round"
        status = Text.assemble(
            ("hypervolume ", "dim"),
            value,
            ("  ", ""),
            (spark(self._trace), "cyan"),
            ("   elapsed ", "dim"),
            duration(watching.seconds),
            ("   left ", "dim"),
            left,
            ("   ", ""),
            (self._stage, "italic dim"),
        )
        return Group(head, status, front_table(watching.front, archive.names, rows=ROWS))


def spark(values: Sequence[float], width: int = 24) -> str:
    """The course of a figure as a line of blocks."""
    if not values:
        return ""
    shown = [values[round(i * (len(values) - 1) / max(1, width - 1))] for i in range(min(width, len(values)))]
    low, span = min(shown), (max(shown) - min(shown)) or 1.0
    return "".join(BLOCKS[int((value - low) / span * (len(BLOCKS) - 1))] for value in shown)


def front_table(front: Sequence[Trial], names: Sequence[str], rows: int | None = None) -> Table:
    """Trials as a table with one column an objective; of more than ``rows`` an evenly spread choice is shown."""
    title = f"Pareto front, {len(front)} architectures"
    chosen = list(front)
    if rows is not None and len(front) > rows:
        chosen = [front[round(i * (len(front) - 1) / (rows - 1))] for i in range(rows)]
        title += f", {rows} of them shown"
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    table.add_column("trial", justify="right", style="dim")
    for name in names:
        table.add_column(name, justify="right")
    table.add_column("architecture", overflow="ellipsis", no_wrap=True, style="dim")
    for trial in chosen:
        table.add_row(str(trial.number), *(figure(trial.values[name]) for name in names), Text(trial.proposal.notation))
    return table
