"""What shorter trainings tell a predictor of full ones, beside a predictor that is not told."""

from __future__ import annotations

import numpy as np

from evonas.core.archive import Archive, Funnel, Proposal
from evonas.core.evaluation import Evaluation
from evonas.core.problem import Problem
from evonas.core.rung import Rung
from evonas.objectives.macs import Macs
from evonas.objectives.validation_error import ValidationError
from evonas.searchers.rung_columns import LEAST, RungColumns
from spaces.architecture import Architecture
from spaces.cell201 import Cell201
from surrogates.encoding import Encoding
from surrogates.encodings.concatenated import Concatenated
from surrogates.predictors.gaussian_process import GaussianProcess
from surrogates.ranking import kendall_tau

SPACE = Cell201(skeleton="compact", channels=4, input_shape=(1, 8, 8))
OBJECTIVES = [ValidationError(), Macs()]
RUNG = Rung(2, 8)


def cells(count: int) -> list[Architecture]:
    rng = np.random.default_rng(0)
    found: dict[str, Architecture] = {}
    while len(found) < count:
        cell = SPACE.simplify(SPACE.sample(rng))
        found.setdefault(cell.key, cell)
    return list(found.values())


def hidden(cell: Architecture) -> float:
    """What no encoding sees: the truth of a cell, by its key."""
    return int(cell.key[:6], 16) / 16**6


def archive_of(on_rung: list[Architecture], trained: list[Architecture]) -> Archive:
    archive = Archive(OBJECTIVES)
    for rung, some in ((RUNG, on_rung), (None, trained)):
        for cell in some:
            error = hidden(cell) + (0.5 if rung else 0.0)
            exact = {"macs": float(SPACE.cost(cell).macs)}
            trial = archive.propose(Proposal(cell, cell.key, cell.key, "variation", exact, {}, {}, Funnel(0, {}), rung))
            archive.record(trial.number, Evaluation({"validation_error": error}, 1.0))
    return archive


def made() -> RungColumns:
    def predictor(encoding: Encoding) -> GaussianProcess:
        return GaussianProcess(SPACE, encoding)

    return RungColumns(Problem(SPACE, OBJECTIVES), predictor)


def test_a_rung_that_knows_better_than_any_encoding_is_believed() -> None:
    some = cells(80)
    columns = made()
    columns.learn(archive_of(some, some[:40]), [RUNG], np.random.default_rng(0))
    truth = np.array([hidden(cell) for cell in some])
    taus = []
    for factory in (columns, lambda encoding: GaussianProcess(SPACE, encoding)):
        predictor = factory(Concatenated(SPACE))
        predictor.fit(some[:40], truth[:40], np.random.default_rng(0))
        taus.append(kendall_tau(predictor.predict(some[40:]).mean, truth[40:]) or 0.0)
    assert taus[0] > 0.8
    assert abs(taus[1]) < 0.4


def test_the_column_is_what_was_measured_and_else_what_is_expected() -> None:
    some = cells(40)
    columns = made()
    columns.learn(archive_of(some[:30], some[:5]), [RUNG, Rung(4, 8)], np.random.default_rng(0))
    encoding = columns._columns
    assert encoding is not None
    assert encoding.names == ("validation_error after 2 of 8 epochs",), "the other rung has no trainings"
    rows = encoding.encode(some)
    np.testing.assert_allclose(rows[:30, 0], [hidden(cell) + 0.5 for cell in some[:30]], rtol=1e-6)
    expected = GaussianProcess(SPACE, Concatenated(SPACE))
    values = np.array([hidden(cell) + 0.5 for cell in some[:30]])
    expected.fit(some[:30], values, np.random.default_rng(0))
    np.testing.assert_allclose(rows[30:, 0], expected.predict(some[30:]).mean, rtol=1e-5)


def test_too_few_on_a_rung_tell_nothing_and_nothing_stays_of_an_earlier_archive() -> None:
    some = cells(20)
    columns = made()
    columns.learn(archive_of(some, some[:5]), [RUNG], np.random.default_rng(0))
    assert columns._columns is not None
    columns.learn(archive_of(some[: LEAST - 1], some[:5]), [RUNG], np.random.default_rng(0))
    assert columns._columns is None
