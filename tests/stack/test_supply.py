"""The look at the supply chain: what pip-audit's JSON says, and a secret in git's history."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from dev import supply


def test_each_weakness_is_a_line_and_what_could_not_be_looked_up_is_counted() -> None:
    packages: list[dict[str, Any]] = [
        {"name": "requests", "version": "2.19.0", "vulns": [{"id": "PYSEC-2018-28", "fix_versions": ["2.20.0"]}]},
        {"name": "old", "version": "1", "vulns": [{"id": "GHSA-x", "fix_versions": []}]},
        {"name": "good", "version": "1", "vulns": []},
        {"name": "mirrored", "skip_reason": "Dependency not found on PyPI"},
    ]
    weak, unknown = supply.weaknesses(packages)
    assert weak == ["requests 2.19.0: PYSEC-2018-28, mended in 2.20.0", "old 1: GHSA-x, mended in none yet"]
    assert unknown == 1


def test_a_secret_of_an_earlier_commit_is_found_and_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def git(*args: str) -> None:
        subprocess.run(["git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=x@x", *args], check=True)

    git("init", "--quiet")
    token = "ghp_" + "x9Kd83hfQ2mZ7LrT0vBnWc5YsUaE1iGoJp4R"
    for text in (f"token = '{token}'\n", "nothing\n"):
        (tmp_path / "settings.py").write_text(text)
        git("add", "settings.py")
        git("commit", "--quiet", "--message", "x")
    monkeypatch.setattr(supply, "ROOT", tmp_path)
    assert supply.secrets() == 1
    told = capfd.readouterr()
    assert "settings.py" in told.out
    assert token not in told.out + told.err
