"""The contract of a predictor whose mean costs much less than its deviation, and means of any."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from spaces.architecture import Architecture
from surrogates.predictor import FloatArray, Predictor


class MeanFirst(Predictor):
    """A predictor that tells means alone in a part of the time: thousands are ranked by them, and a few looked at."""

    @abstractmethod
    def means(self, architectures: Sequence[Architecture]) -> FloatArray:
        """The means that ``predict`` tells of ``n`` architectures, bit for bit: shape ``(n,)``.

        Raises:
            RuntimeError: ``fit`` was not called.
        """


def means_of(predictor: Predictor, architectures: Sequence[Architecture]) -> FloatArray:
    """Predicted means of ``n`` architectures, shape ``(n,)``, without deviations where these cost time.

    Raises:
        RuntimeError: The predictor was not fitted.
    """
    if isinstance(predictor, MeanFirst):
        return predictor.means(architectures)
    return predictor.predict(architectures).mean
