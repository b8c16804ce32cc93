import getpass
import json
import platform
import subprocess
from pathlib import Path

import pytest

from evonas.journal import machine, manifest, versions


def test_versions_name_what_computes():
    found = versions()
    assert {"evonas", "python", "torch", "numpy", "xgboost", "scikit-learn", "pymoo", "sqlalchemy"} <= set(found)
    assert found["python"] == platform.python_version()
    assert all(isinstance(version, str) and version for version in found.values())


def test_the_machine_is_told_without_names():
    found = machine()
    assert found["logical_cores"] >= 1
    assert found["memory_bytes"] > 2**20
    assert json.loads(json.dumps(found)) == found
    text = json.dumps([found, versions()])
    assert platform.node() not in text
    assert str(Path.home()) not in text
    assert set(found) == {"platform", "processor", "logical_cores", "memory_bytes", "cuda_devices"}
    assert getpass.getuser() not in found


def test_only_a_checkout_has_a_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert manifest._commit(tmp_path) is None
    (tmp_path / ".git").mkdir()
    assert manifest._commit(tmp_path) is None
    (tmp_path / ".git").rmdir()
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "first"], check=True)
    commit = manifest._commit(tmp_path)
    assert commit is not None
    assert len(commit) == 40
    monkeypatch.setenv("PATH", "")
    assert manifest._commit(tmp_path) is None
