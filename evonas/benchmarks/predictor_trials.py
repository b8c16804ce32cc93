"""One predictor, fitted on some rows of a table and judged on the others."""

from __future__ import annotations

import inspect
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from evonas.campaign.planning.making import make_component
from evonas.campaign.planning.parts import Part
from evonas.campaign.reading.fault import CampaignError, Fault
from evonas.core.randomness import generator
from spaces.architecture import Architecture
from spaces.space import Space
from surrogates import coverage, kendall_tau, precision_at_k, spearman, true_rank_of_best
from surrogates.encoding import Encoding
from surrogates.encodings.columns import Columns
from surrogates.encodings.concatenated import Concatenated
from surrogates.predictor import FloatArray, Prediction, Predictor
from surrogates.threads import one_torch_thread

TOP_SHARE = 0.01

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PredictorTrials:
    """What every predictor of a comparison is given.

    Attributes:
        space: Of the architectures.
        architectures: ``n`` rows of the table.
        identities: The ``n`` keys of the simplified graphs; twins share theirs.
        targets: Shape ``(n,)``, finite, lower is better.
        predictors: By label.
        encodings: By label; with no encoding and no feature each predictor has its own default.
        features: Columns of the table by name, each of shape ``(n,)``. Encodings know an architecture by its identity,
            so that twins are given the mean of theirs.
        top: The k of precision at k and N@k.
    """

    space: Space
    architectures: tuple[Architecture, ...]
    identities: tuple[str, ...]
    targets: FloatArray
    predictors: Mapping[str, Part]
    encodings: Mapping[str, Part]
    features: Mapping[str, FloatArray]
    top: int

    def rows(self, train_size: int, seed: int) -> tuple[Rows, Rows]:
        """Rows to train on and rows to score: the same for every predictor, and more training rows hold the fewer."""
        order = generator(seed, 0, "rows of a table").permutation(len(self.targets))
        return order[:train_size], order[train_size:]

    def predictor(self, label: str) -> Predictor:
        """An unfitted predictor; nothing that it encodes is known from an earlier run.

        Raises:
            CampaignError: It cannot be made, or takes no encoding where one is given.
        """
        part, supplied = self.predictors[label], {"space": self.space}
        encoding = self._encoding()
        if encoding is None:
            return cast(Predictor, make_component("predictor", part, supplied, ("--predictors",)))
        made = make_component("predictor", part, {**supplied, "encoding": encoding}, ("--predictors",))
        if "encoding" not in inspect.signature(type(made)).parameters:
            message = f"{label!r} takes no encoding; leave --encodings and --features out, or leave it out"
            raise CampaignError([Fault(("--predictors",), message)])
        return cast(Predictor, made)

    def measure(self, predictor: str, train_size: int, seed: int) -> dict[str, Any]:
        """Fits on ``train_size`` rows and judges the predictions for all other rows.

        Seconds are the processor's, of one thread; those of predicting contain the encoding of every scored row.
        """
        trained, scored = self.rows(train_size, seed)
        assert len(np.intersect1d(trained, scored)) == 0, "a training row must never be scored"
        model = self.predictor(predictor)
        with one_torch_thread(), threadpool_limits(1):
            started = time.process_time()
            model.fit([self.architectures[row] for row in trained], self.targets[trained], generator(seed, 0, "fit"))
            fitted = time.process_time()
            prediction = model.predict([self.architectures[row] for row in scored])
            predicted = time.process_time()
        known = {self.identities[row] for row in trained}
        unseen = np.array([self.identities[row] not in known for row in scored])
        return {
            **_figures(prediction, self.targets[scored], unseen, self.top),
            "fit_seconds": fitted - started,
            "predict_seconds": predicted - fitted,
        }

    def _encoding(self) -> Encoding | None:
        if not self.encodings and not self.features:
            return None
        parts: list[Encoding | str] = [
            cast(Encoding, make_component("encoding", part, {"space": self.space}, ("--encodings",)))
            for part in self.encodings.values()
        ]
        if self.features:
            columns = Columns(self.space, self._feature_rows(), list(self.features))
            parts = [*(parts or [Concatenated(self.space)]), columns]
        return Concatenated(self.space, parts)

    def _feature_rows(self) -> dict[str, dict[str, float]]:
        twins: dict[str, list[int]] = {}
        for row, identity in enumerate(self.identities):
            twins.setdefault(identity, []).append(row)
        return {
            identity: {name: float(values[rows].mean()) for name, values in self.features.items()}
            for identity, rows in twins.items()
        }


def _figures(
    prediction: Prediction, measured: FloatArray, unseen: npt.NDArray[np.bool_], top: int
) -> dict[str, float | None]:
    mean = prediction.mean
    return {
        "tau": kendall_tau(mean, measured),
        "tau_no_twins": kendall_tau(mean[unseen], measured[unseen]),
        "spearman": spearman(mean, measured),
        "precision_1%": precision_at_k(mean, measured, math.ceil(TOP_SHARE * len(measured))),
        f"precision@{top}": precision_at_k(mean, measured, top),
        f"n@{top}": true_rank_of_best(mean, measured, top),
        "coverage": coverage(prediction, measured),
    }
