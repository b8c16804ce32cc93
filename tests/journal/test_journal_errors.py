import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from journal_stories import OBJECTIVES, plain_evaluation, plain_trial

from evonas.journal import Journal, JournalError

MANIFEST = {"campaign": {"name": "tiny"}}
NOBODY = 65534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A finished journal of one trial."""
    path = tmp_path / "journal.sqlite"
    with Journal.create(path, MANIFEST) as journal:
        journal.add_round([plain_trial(0)])
        journal.add_evaluation(0, plain_evaluation(0), 1.0)
    return path


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Root may write anywhere, so rights are tested as nobody."""
    if os.geteuid() != 0:
        yield
        return
    try:
        os.seteuid(NOBODY)
    except OSError as error:
        pytest.skip(f"root may write anywhere, and cannot step down here: {error}")
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def locked_folder() -> Iterator[Path]:
    """A folder with a finished journal that everybody may read and nobody write."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Journal.create(folder / "journal.sqlite", MANIFEST) as journal:
            journal.add_round([plain_trial(0)])
        for file in folder.iterdir():
            file.chmod(0o444)
        folder.chmod(0o555)
        yield folder
        folder.chmod(0o755)


def test_a_missing_journal(tmp_path: Path):
    for read_only in (True, False):
        with pytest.raises(JournalError, match=r"missing\.sqlite: there is no journal here\. Start the campaign"):
            Journal.open(tmp_path / "missing.sqlite", read_only=read_only)
    assert not list(tmp_path.iterdir())
    assert not Journal.exists(tmp_path / "missing.sqlite")


@pytest.mark.parametrize("content", [b"epoch,loss\n" * 100, b"x", b"SQLite format 3\x00" + b"\x01" * 4096])
def test_a_file_that_is_no_database(tmp_path: Path, content: bytes):
    path = tmp_path / "journal.sqlite"
    path.write_bytes(content)
    assert Journal.exists(path)
    for read_only in (True, False):
        with pytest.raises(
            JournalError,
            match=r"journal\.sqlite is not an evonas journal: file is not a database\. Move it away or choose another",
        ):
            Journal.open(path, read_only=read_only)
    with pytest.raises(JournalError, match="holds something already, and nothing is overwritten"):
        Journal.create(path, MANIFEST)
    assert path.read_bytes() == content


def test_somebody_elses_database(tmp_path: Path):
    path = tmp_path / "journal.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE trials (number INTEGER)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(JournalError, match=r"but not an evonas journal: it has no table amendments, campaign, .*Move"):
        Journal.open(path)
    with pytest.raises(JournalError, match="holds something already"):
        Journal.create(path, MANIFEST)
    assert path.read_bytes() == before


def test_a_newer_format(path: Path):
    connection = sqlite3.connect(path)
    connection.execute("UPDATE campaign SET format_version = 99")
    connection.commit()
    connection.close()
    for read_only in (True, False):
        with pytest.raises(JournalError, match=r"has journal format 99; this evonas reads up to 3\. Install .* newer"):
            Journal.open(path, read_only=read_only)


def test_a_directory_in_the_way(tmp_path: Path):
    path = tmp_path / "journal.sqlite"
    path.mkdir()
    with pytest.raises(JournalError, match="is a directory, not a journal"):
        Journal.open(path)
    with pytest.raises(JournalError, match="holds something already"):
        Journal.create(path, MANIFEST)


def test_a_folder_that_cannot_be_made(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(JournalError, match=r"its folder cannot be made: .*Choose another results folder"):
        Journal.create(tmp_path / "file" / "results" / "journal.sqlite", MANIFEST)


def test_a_campaign_that_exists(path: Path):
    with pytest.raises(JournalError, match=r"holds something already, and nothing is overwritten\. Go on with that"):
        Journal.create(path, MANIFEST)
    with Journal.open(path) as journal:
        assert len(journal.load(OBJECTIVES)) == 1


def test_what_an_interrupted_creation_leaves_is_nothing(tmp_path: Path):
    path = tmp_path / "journal.sqlite"
    path.touch()
    assert not Journal.exists(path)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()
    assert not Journal.exists(path)
    with Journal.create(path, MANIFEST) as journal:
        assert Journal.exists(path)
        assert len(journal.load(OBJECTIVES)) == 0


def test_a_second_writer_is_refused_and_let_in_later(path: Path):
    script = (
        "import sys; from pathlib import Path; from evonas.journal import Journal\n"
        "journal = Journal.open(Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        message = rf"another evonas process \(pid {other.pid}\) is running this campaign; wait for it or stop it"
        with pytest.raises(JournalError, match=message):
            Journal.open(path)
        with pytest.raises(JournalError, match=message):
            Journal.create(path, MANIFEST)
        with Journal.open(path, read_only=True) as reader:
            assert len(reader.load(OBJECTIVES)) == 1
        other.kill()
        other.wait()
    with Journal.open(path) as journal:
        assert len(journal.load(OBJECTIVES)) == 1


def test_a_failed_opening_lets_go_of_the_lock(tmp_path: Path):
    path = tmp_path / "journal.sqlite"
    with pytest.raises(ValueError, match="plain finite values"):
        Journal.create(path, {"campaign": float("nan")})
    path.write_text("no database")
    with pytest.raises(JournalError, match="holds something already"):
        Journal.create(path, MANIFEST)
    path.unlink()
    Journal.create(path, MANIFEST).close()


def fill(journal: Journal) -> None:
    for number in range(1, 1000):
        journal.add_round([plain_trial(number)])


def test_a_full_disk_keeps_what_was_recorded(path: Path):
    with Journal.open(path) as journal:
        with journal._database._engine.connect() as connection:  # SQLite's own way to make a disk of 20 pages
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 4}")
        message = r"journal\.sqlite cannot grow: database or disk is full\. Everything recorded so far is kept; free"
        with pytest.raises(JournalError, match=message):
            fill(journal)
        kept = len(journal.load(OBJECTIVES))
        assert kept >= 2
    with Journal.open(path) as journal:
        assert len(journal.load(OBJECTIVES)) == kept
        journal.add_round([plain_trial(kept)])


def test_a_folder_that_may_only_be_read(locked_folder: Path):
    path = locked_folder / "journal.sqlite"
    with ordinary_user():
        with Journal.open(path, read_only=True) as reader:
            assert len(reader.load(OBJECTIVES)) == 1
        with pytest.raises(
            JournalError, match=r"must be able to write in its results folder: .*Choose another results"
        ):
            Journal.open(path)
        with pytest.raises(JournalError, match="must be able to write in its results folder"):
            Journal.create(locked_folder / "other.sqlite", MANIFEST)
        with pytest.raises(JournalError, match=r"its folder cannot be made: .*Permission denied"):
            Journal.create(locked_folder / "deeper" / "journal.sqlite", MANIFEST)


def test_a_file_that_may_only_be_read(locked_folder: Path):
    locked_folder.chmod(0o777)
    (locked_folder / "journal.sqlite.lock").chmod(0o666)
    with ordinary_user():
        with pytest.raises(JournalError, match=r"must be writable to run a campaign: .*Choose another results folder"):
            Journal.open(locked_folder / "journal.sqlite")
        with Journal.open(locked_folder / "journal.sqlite", read_only=True) as reader:
            assert len(reader.load(OBJECTIVES)) == 1


def test_a_file_that_may_not_be_read(locked_folder: Path):
    (locked_folder / "journal.sqlite").chmod(0o000)
    with ordinary_user():
        for read_only in (True, False):
            with pytest.raises(JournalError, match=r"cannot be opened: .*Check that you may read and write it"):
                Journal.open(locked_folder / "journal.sqlite", read_only=read_only)
    locked_folder.chmod(0o700)
    with ordinary_user(), pytest.raises(JournalError, match=r"cannot be (looked at|opened): "):
        Journal.open(locked_folder / "journal.sqlite")


def test_the_log_of_a_killed_campaign_in_a_folder_that_may_only_be_read():
    script = (
        "import os, sys; sys.path.insert(0, sys.argv[2]); from pathlib import Path\n"
        "from evonas.journal import Journal; from journal_stories import plain_trial\n"
        "journal = Journal.create(Path(sys.argv[1]), {}); journal.add_round([plain_trial(0), plain_trial(1)])\n"
        "os.kill(os.getpid(), 9)"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "journal.sqlite"
        subprocess.run([sys.executable, "-c", script, str(path), str(Path(__file__).parent)], check=False)
        assert (folder / "journal.sqlite-wal").stat().st_size > 0
        for file in folder.iterdir():
            file.chmod(0o444)
        folder.chmod(0o555)
        with ordinary_user(), Journal.open(path, read_only=True) as reader:
            assert len(reader.load(OBJECTIVES)) == 2
        folder.chmod(0o755)
        (folder / "journal.sqlite-shm").unlink()  # as where only the database and its log were copied
        folder.chmod(0o555)
        before = sorted(file.name for file in folder.iterdir())
        with ordinary_user(), Journal.open(path, read_only=True) as reader:
            assert len(reader.load(OBJECTIVES)) == 2
        assert sorted(file.name for file in folder.iterdir()) == before
        folder.chmod(0o755)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE trials SET exact = '{\"macs\": 12'", "Expecting ',' delimiter"),
        ("UPDATE trials SET architecture = '{}'", "."),
        ("UPDATE trials SET round = 7", "7"),
        ("UPDATE evaluations SET trial = 5", "trial 5 was never proposed"),
        ('UPDATE evaluations SET "values" = \'{"error": "x", "score": 1}\'', "."),
        ("UPDATE evaluations SET curve = 'null'", "not iterable"),
        ("UPDATE campaign SET manifest = '{'", "Expecting property name"),
    ],
)
def test_rows_that_no_campaign_wrote(path: Path, change: str, said: str):
    """As after a repair by hand, or a merge of files: what cannot be read is not taken for something else."""
    connection = sqlite3.connect(path)
    connection.execute(change)
    connection.commit()
    connection.close()
    with (
        Journal.open(path, read_only=True) as journal,
        pytest.raises(
            JournalError, match=rf"(?s)is damaged: a row makes no sense \(.*{said}.*\)\. Restore it from a copy"
        ),
    ):
        journal.record("tiny", None, OBJECTIVES)
