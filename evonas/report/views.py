"""Which view of a running campaign suits the terminal."""

from __future__ import annotations

from rich.console import Console

from evonas.core.observer import Observer
from evonas.report.lines import Lines
from evonas.report.live import Live

PIPE_WIDTH = 180


def output_console(stderr: bool = False) -> Console:
    """The terminal as wide as it is, a pipe wide enough for whole lines."""
    console = Console(stderr=stderr)
    return console if console.is_terminal else Console(width=PIPE_WIDTH, stderr=stderr)


def terminal_view(console: Console | None = None) -> Observer:
    """A live view where there is a terminal, plain lines in a pipe or in CI."""
    chosen = console if console is not None else output_console()
    return Live(chosen) if chosen.is_terminal and not chosen.is_dumb_terminal else Lines(chosen)
