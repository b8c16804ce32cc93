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
from evonas.core.spread import Spread
from evonas.report.statistics import Retrained
from evonas.report.watching import Watching, duration, figure

ROWS = 12
LEAST_NOTATION = 12  # characters of a notation that are worth their place
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
            for note in self._watching.add_round(trials):
                self.note(note)
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
        return Group(head, status, front_table(watching.front, archive.names, self.console.width, rows=ROWS))


def spark(values: Sequence[float], width: int = 24) -> str:
    """The course of a figure as a line of blocks."""
    if not values:
        return ""
    count = min(width, len(values))
    shown = [values[round(i * (len(values) - 1) / max(1, count - 1))] for i in range(count)]
    low, span = min(shown), (max(shown) - min(shown)) or 1.0
    return "".join(BLOCKS[int((value - low) / span * (len(BLOCKS) - 1))] for value in shown)


def _spread(over: Spread | None) -> str:
    return "" if over is None else figure(over.mean) + ("" if over.std is None else f" ± {over.std:.2g}")


def front_table(
    front: Sequence[Trial],
    names: Sequence[str],
    width: int,
    rows: int | None = None,
    anew: Sequence[Retrained] = (),
) -> Table:
    """Trials as a table with one column an objective, and one for each figure that only the last look at them gave.

    Args:
        front: The trials, in the order of the rows.
        names: The objectives.
        width: Columns of the terminal; notations are cut to fit, and left out where less than their beginning would.
        rows: Of more trials than this an evenly spread choice is shown.
        anew: What is known of trials that were trained again for test data; mean ± deviation over the seeds.
    """
    title = f"Pareto front, {len(front)} architecture{'s' * (len(front) != 1)}"
    chosen = list(front)
    if rows is not None and len(front) > rows:
        chosen = [front[round(i * (len(front) - 1) / (rows - 1))] for i in range(rows)]
        title += f", {rows} of them shown"
    tested = {member.trial.number: member.figures for member in anew}
    others = list(dict.fromkeys(name for member in anew for name in member.figures if name not in names))
    cells = [
        [
            str(trial.number),
            *(figure(trial.values[name]) for name in names),
            *(_spread(tested.get(trial.number, {}).get(name)) for name in others),
        ]
        for trial in chosen
    ]
    headers = ["trial", *names, *others]
    title += f"; {', '.join(others)}: of trainings anew, ± their deviation" if others else ""
    widths = [max(len(text) for text in column) for column in zip(headers, *cells, strict=True)]
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for header, needed in zip(headers, widths, strict=True):
        table.add_column(header, justify="right", no_wrap=True, width=needed)
    left = width - sum(widths) - 3 * len(widths) - 3
    if left >= LEAST_NOTATION:
        table.add_column("architecture", no_wrap=True, overflow="ellipsis", width=left, style="dim")
    for row, trial in zip(cells, chosen, strict=True):
        table.add_row(*row, *([Text(trial.proposal.notation, overflow="ellipsis")] if left >= LEAST_NOTATION else []))
    return table
