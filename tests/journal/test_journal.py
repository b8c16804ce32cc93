import json
import math
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journal_stories import OBJECTIVES, Figure, evaluations, plain_evaluation, plain_trial, rounds, told

from evonas.core.archive import Archive, Estimate, Funnel, Proposal, Trial
from evonas.core.evaluation import Evaluation
from evonas.core.failure import Failure
from evonas.journal import Journal, JournalError

MANIFEST = {"campaign": {"name": "tiny", "budget": 4, "objectives": ["error", "macs"]}, "versions": {"evonas": "0"}}


@settings(max_examples=40, deadline=None)
@given(rounds(), st.data())
def test_a_campaign_comes_back_to_the_last_bit(batches: list[list[Trial]], data: st.DataObject):
    archive = Archive(OBJECTIVES)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.sqlite"
        with Journal.create(path, MANIFEST) as journal:
            for batch in batches:
                journal.add_round(batch)
                for trial in batch:
                    archive.propose(trial.proposal)
            numbers = data.draw(st.permutations(range(len(archive))))
            for number in numbers[: data.draw(st.integers(0, len(numbers)))]:
                evaluation = data.draw(evaluations())
                journal.add_evaluation(number, evaluation, 1.0)
                archive.record(number, evaluation)
        for read_only in (True, False):
            with Journal.open(path, read_only=read_only) as journal:
                assert told(journal.load(OBJECTIVES)) == told(archive)


def test_what_is_journalled_can_be_read_while_it_is_written(tmp_path: Path):
    path = tmp_path / "new" / "folder" / "journal.sqlite"
    with Journal.create(path, MANIFEST) as journal, Journal.open(path, read_only=True) as reader:
        journal.add_round([plain_trial(0), plain_trial(1)])
        assert len(reader.load(OBJECTIVES).pending) == 2
        journal.add_evaluation(1, plain_evaluation(1), 2.5)
        assert [trial.number for trial in reader.load(OBJECTIVES).trained] == [1]
        assert reader.elapsed_seconds() == 2.5


def test_reading_leaves_nothing_in_the_folder(tmp_path: Path):
    path = tmp_path / "journal.sqlite"
    with Journal.create(path, MANIFEST) as journal:
        journal.add_round([plain_trial(0)])
    before = {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    assert set(before) == {"journal.sqlite", "journal.sqlite.lock"}
    with Journal.open(path, read_only=True) as reader:
        assert len(reader.load(OBJECTIVES)) == 1
        assert {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir()} == before
        with Journal.open(path) as journal:
            journal.add_round([plain_trial(1)])
            assert len(reader.load(OBJECTIVES)) == 2


def test_a_journal_in_memory():
    with Journal.in_memory(MANIFEST) as journal:
        journal.add_round([plain_trial(0)])
        journal.add_evaluation(0, plain_evaluation(0), 1.0)
        assert journal.load(OBJECTIVES).trained
        assert journal.manifest["campaign"] == MANIFEST["campaign"]


def test_the_manifest_is_the_first_row(tmp_path: Path):
    path = tmp_path / "journal.sqlite"
    with Journal.create(path, {**MANIFEST, "machine": {"logical_cores": 2}, "created": "never"}) as journal:
        manifest = journal.manifest
    assert {name: manifest[name] for name in MANIFEST} == MANIFEST
    assert manifest["machine"] == {"logical_cores": 2}
    assert manifest["created"].endswith("+00:00")


def test_an_amended_campaign_keeps_what_was_before(tmp_path: Path):
    path = tmp_path / "journal.sqlite"
    raised = {**MANIFEST["campaign"], "budget": 8}
    with Journal.create(path, MANIFEST) as journal:
        created = journal.manifest["created"]
        journal.update_campaign(MANIFEST["campaign"])
        assert journal.amendments == []
        journal.update_campaign(raised)
        journal.update_campaign({**raised, "budget": 16})
    with Journal.open(path, read_only=True) as journal:
        assert journal.manifest == {**MANIFEST, "created": created, "campaign": {**raised, "budget": 16}}
        assert [amendment.previous["budget"] for amendment in journal.amendments] == [4, 8]
        assert all(amendment.amended >= created for amendment in journal.amendments)


def test_sessions_stages_and_retrainings_make_the_record(tmp_path: Path):
    path = tmp_path / "journal.sqlite"
    with Journal.create(path, MANIFEST) as journal:
        assert journal.begin_session() == 0
        journal.add_round([plain_trial(number) for number in range(4)])
        for number in (2, 0, 1):
            journal.add_evaluation(number, plain_evaluation(number), 10.0 - number)
        journal.add_stage_seconds({"propose": 0.5, "wait": 2.0})
        journal.add_stage_seconds({"wait": 1.0})
    with Journal.open(path) as journal:
        assert journal.begin_session() == 1
    with Journal.open(path) as journal:
        assert journal.elapsed_seconds() == 10.0
        journal.add_evaluation(3, Evaluation({}, 1.0, Failure("timeout", "exceeded")), 11.0)
        journal.add_stage_seconds({"wait": 4.0})
        journal.add_retrainings({(2, 7): Evaluation({"test_error": 0.25}, 1.0)})
        journal.add_retrainings({(2, 5): Evaluation({"test_error": 0.5}, 1.0)})
        journal.add_retrainings({(0, 7): Evaluation({}, 1.0, Failure("crash", "died"))})
        assert {number: list(seeds) for number, seeds in journal.retrainings().items()} == {0: [7], 2: [5, 7]}
        record = journal.record("tiny", None, OBJECTIVES)  # type: ignore[arg-type]
    assert record.name == "tiny"
    assert len(record.archive.trained) == 3
    assert record.elapsed_seconds == {0: 10.0, 1: 9.0, 2: 8.0, 3: 11.0}
    assert record.evaluated_by_session == [3, 0, 1]
    assert record.stage_seconds == {"propose": 0.5, "wait": 7.0}
    assert [evaluation.values for evaluation in record.retrainings[2]] == [{"test_error": 0.5}, {"test_error": 0.25}]
    assert record.manifest["campaign"]["name"] == "tiny"


def test_an_empty_campaign_has_no_elapsed_time():
    with Journal.in_memory(MANIFEST) as journal:
        assert journal.elapsed_seconds() == 0.0
        assert journal.record("tiny", None, OBJECTIVES).evaluated_by_session == []  # type: ignore[arg-type]


def test_nothing_is_overwritten(tmp_path: Path):
    with Journal.create(tmp_path / "journal.sqlite", MANIFEST) as journal:
        journal.add_round([plain_trial(0)])
        journal.add_evaluation(0, plain_evaluation(0), 1.0)
        with pytest.raises(
            ValueError, match="trial 0 is not journalled, or has an evaluation already; nothing is over"
        ):
            journal.add_evaluation(0, plain_evaluation(1), 2.0)
        with pytest.raises(ValueError, match="trial 1 is not journalled, or has an evaluation already"):
            journal.add_evaluation(1, plain_evaluation(1), 2.0)
        journal.add_retrainings({(0, 5): plain_evaluation(0)})
        with pytest.raises(
            ValueError, match="trial 0 is not journalled, or was retrained with seed 5; nothing is over"
        ):
            journal.add_retrainings({(0, 5): plain_evaluation(1)})
        with pytest.raises(ValueError, match=r"journalled in order: the next number is 1\. Got 0"):
            journal.add_round([plain_trial(0)])
        with pytest.raises(ValueError, match=r"journalled in order: the next number is 2\. Got 3"):
            journal.add_round([plain_trial(1), plain_trial(3)])
        assert len(journal.load(OBJECTIVES)) == 1, "a batch is written as a whole or not at all"
        evaluated = Trial(1, plain_trial(1).proposal, plain_evaluation(1))
        with pytest.raises(ValueError, match="trial 1 is evaluated already; a proposal is journalled before that"):
            journal.add_round([evaluated])
        assert journal.load(OBJECTIVES).trials[0].evaluation == plain_evaluation(0)


def test_a_round_may_come_in_batches_but_has_one_funnel():
    with Journal.in_memory(MANIFEST) as journal:
        journal.add_round([plain_trial(0)])
        journal.add_round([plain_trial(1), plain_trial(2, round_number=1)])
        assert [funnel.round for funnel in journal.load(OBJECTIVES).rounds] == [0, 1]
        proposal = plain_trial(3).proposal
        other = Proposal(
            proposal.architecture, "k", "n", "random", {"macs": 1.0}, {}, {}, Funnel(1, {"drawn": 11, "chosen": 2})
        )
        with pytest.raises(ValueError, match="round 1 is journalled with another funnel; nothing is overwritten"):
            journal.add_round([Trial(3, other)])


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None, "0.1"])
def test_what_is_not_finite_never_enters(value: float):
    with Journal.in_memory(MANIFEST) as journal:
        journal.add_round([plain_trial(0)])
        for evaluation in (Evaluation({"error": value}, 1.0), Evaluation({}, value)):
            with pytest.raises(ValueError, match=r"trial 0: .* must be a finite number .* Got .* a failure instead"):
                journal.add_evaluation(0, evaluation, 1.0)
        with pytest.raises(ValueError, match="trial 0: elapsed seconds must be a finite number"):
            journal.add_evaluation(0, plain_evaluation(0), value)
        with pytest.raises(ValueError, match="seconds of stage 'wait' must be a finite number"):
            journal.add_stage_seconds({"wait": value})
        assert journal.load(OBJECTIVES).pending


def test_predictions_that_are_not_finite_never_enter():
    proposal = plain_trial(0).proposal
    with Journal.in_memory(MANIFEST) as journal:
        for estimate, words in (
            (Estimate(math.nan, 1.0), "predicted 'error'"),
            (Estimate(1, math.inf), "deviation of"),
        ):
            bad = Proposal(
                proposal.architecture, "k", "n", "random", {}, {"error": estimate}, {"nwot": 1.0}, proposal.funnel
            )
            with pytest.raises(ValueError, match=f"trial 0: {words}.* must be a finite number"):
                journal.add_round([Trial(0, bad)])
        assert len(journal.load(OBJECTIVES)) == 0


def test_a_diverging_curve_has_gaps():
    curve = ({"loss": 2.0}, {"loss": math.inf, "error": 0.5}, {"loss": math.nan})
    with Journal.in_memory(MANIFEST) as journal:
        journal.add_round([plain_trial(0)])
        journal.add_evaluation(0, Evaluation({}, 1.0, Failure("divergence", "loss is inf"), 3, curve), 1.0)
        evaluation = journal.load(OBJECTIVES).trials[0].evaluation
    assert evaluation is not None
    assert repr(evaluation.curve) == "({'loss': 2.0}, {'loss': nan, 'error': 0.5}, {'loss': nan})"


def test_numbers_of_numpy_are_numbers():
    with Journal.in_memory(MANIFEST) as journal:
        journal.add_round([plain_trial(0)])
        values = {"error": np.float64(0.1), "score": np.float32(0.5), "ops": np.int64(3)}
        journal.add_evaluation(0, Evaluation(values, np.float64(1.5), None, int(np.int64(2))), np.float64(1.0))
        evaluation = journal.load(OBJECTIVES).trials[0].evaluation
    assert evaluation == Evaluation({"error": 0.1, "score": 0.5, "ops": 3.0}, 1.5, None, 2)


def test_any_message_can_be_kept():
    with Journal.in_memory(MANIFEST) as journal:
        journal.add_round([plain_trial(0)])
        journal.add_evaluation(0, Evaluation({}, 1.0, Failure("invalid", "half \ud800 and \x00 é")), 1.0)
        failure = journal.load(OBJECTIVES).trials[0].failure
    assert failure == Failure("invalid", "half \\ud800 and \\x00 é")


def test_a_manifest_is_plain():
    with pytest.raises(ValueError, match="the journal holds plain finite values"):
        Journal.in_memory({"campaign": {"threshold": math.nan}})
    with pytest.raises(ValueError, match=r"the journal holds plain finite values.*not JSON serializable"):
        Journal.in_memory({"campaign": {"objective": Figure("error", "training")}})


def test_a_reader_never_writes(tmp_path: Path):
    path = tmp_path / "journal.sqlite"
    Journal.create(path, MANIFEST).close()
    with Journal.open(path, read_only=True) as journal, pytest.raises(JournalError, match="opened to be read only"):
        journal.add_round([plain_trial(0)])


def test_the_rows_are_readable_by_any_tool(tmp_path: Path):
    import sqlite3

    path = tmp_path / "journal.sqlite"
    with Journal.create(path, MANIFEST) as journal:
        journal.add_round([plain_trial(0)])
        journal.add_evaluation(0, plain_evaluation(0), 1.0)
    connection = sqlite3.connect(path)
    try:
        (values,) = connection.execute('SELECT "values" FROM evaluations').fetchone()
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    finally:
        connection.close()
    assert json.loads(values) == {"error": 1 / 3, "score": 0.0}
