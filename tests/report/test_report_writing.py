from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from evonas.report import ReportError, write_report


def test_writing_makes_folders_and_replaces_an_older_report(searched, tmp_path):
    path = tmp_path / "results" / "digits" / "report.html"
    assert write_report(searched.record(), path) == path
    first = path.read_text(encoding="utf-8")
    searched.name = "renamed"
    write_report(searched.record(), path)
    assert "renamed" in path.read_text(encoding="utf-8")
    assert first != path.read_text(encoding="utf-8")
    assert [entry.name for entry in path.parent.iterdir()] == ["report.html"]


def test_a_file_where_a_folder_is_needed_is_a_clear_error(campaign, tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(ReportError, match=r"cannot be written to .*taken.report\.html: .*choose another file"):
        write_report(campaign().record(), tmp_path / "taken" / "report.html")


def test_a_folder_where_the_file_should_be_is_a_clear_error(campaign, tmp_path):
    (tmp_path / "report.html").mkdir()
    with pytest.raises(OSError, match=r"the report cannot be written to .*report\.html: Is a directory"):
        write_report(campaign().record(), tmp_path / "report.html")
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]


def test_a_full_disk_leaves_the_older_report_and_no_remains(campaign, tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("older")

    def full(self, *arguments, **options):
        self.touch()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(ReportError, match="No space left on device"):
        write_report(campaign().record(), path)
    assert path.read_text() == "older"
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]


def test_the_room_is_cheap_to_import():
    heavy = ("torch", "plotly", "jinja2", "scipy", "moocore")
    code = f"import sys, evonas.report; print([name for name in {heavy} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
