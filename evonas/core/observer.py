"""The contract of whoever watches a campaign run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from evonas.core.archive import Archive, Trial


class Observer(ABC):
    """Is told what happens in a running campaign; never changes it."""

    @abstractmethod
    def started(self, name: str, archive: Archive, budget: int) -> None:
        """The campaign starts, or goes on with the trials that the archive holds already."""

    @abstractmethod
    def stage(self, stage: str) -> None:
        """The main process turns to another stage, e.g. ``"choosing candidates"``."""

    @abstractmethod
    def proposed(self, trials: Sequence[Trial]) -> None:
        """A round was chosen and written down."""

    @abstractmethod
    def evaluated(self, trial: Trial) -> None:
        """A trial came home, trained or failed."""

    @abstractmethod
    def retrained(self, done: int, total: int) -> None:
        """One more retraining of the front came home."""

    @abstractmethod
    def note(self, sentence: str) -> None:
        """Something the user should read."""

    @abstractmethod
    def tick(self) -> None:
        """Called a few times a second while waiting."""

    @abstractmethod
    def finished(self) -> None:
        """The campaign ends or is interrupted; the terminal is given back."""


class Silent(Observer):
    """Watches nothing."""

    def started(self, name: str, archive: Archive, budget: int) -> None: ...

    def stage(self, stage: str) -> None: ...

    def proposed(self, trials: Sequence[Trial]) -> None: ...

    def evaluated(self, trial: Trial) -> None: ...

    def retrained(self, done: int, total: int) -> None: ...

    def note(self, sentence: str) -> None: ...

    def tick(self) -> None: ...

    def finished(self) -> None: ...
