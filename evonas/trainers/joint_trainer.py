"""The contract of a trainer that trains several networks as one program."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from evonas.core.failure import Failure
from evonas.core.objective import Training
from evonas.core.split import Split
from evonas.core.stop import Stop
from evonas.core.stopping import StoppingRule
from evonas.trainers.trainer import Trainer

if TYPE_CHECKING:
    from torch import nn


class JointTrainer(Trainer):
    """A trainer that can also train several networks as one program, each as if it were alone, up to rounding."""

    @abstractmethod
    def train_together(
        self,
        models: Sequence[nn.Module],
        train: Split,
        validation: Split,
        seeds: Sequence[int],
        settings: Sequence[Mapping[str, float]],
        stopping: Sequence[StoppingRule | None] = (),
    ) -> Iterator[tuple[int, Training | Failure | Stop]]:
        """Trains those of the networks that can be trained together, in place, as many at a time as memory allows.

        Args:
            models: Freshly built.
            train: To train on; not changed.
            validation: To measure on; never trained on, not changed.
            seeds: Each network's own; see ``Trainer.train``.
            settings: Each architecture's own; see ``Trainer.train``.
            stopping: Each network's own, None where it is trained to its end; empty where all are. A trainer that does
                not take it serves campaigns without early stopping.

        Yields:
            A network's number and its outcome, as ``Trainer.train`` gives it; ``seconds`` is its share of the time that
            the networks trained with it took, ``packed`` among its metrics says how many they were. Numbers that do not
            come up were not trained with others: their networks are to be built anew and trained alone.

        Raises:
            Exception: Those that have not come up cannot be trained together, as where memory runs out.
        """
