import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from dev.stack.errors import StackError
from dev.stack.machine import paths


def test_too_little_disk_is_said_with_its_figures(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(paths, "LOCAL", tmp_path)
    usage = shutil.disk_usage(tmp_path)
    with pytest.raises(StackError, match=r"GB free and the first start needs \d+ GB: free some disk"):
        paths.require_disk(usage.free * 2)
    paths.require_disk(usage.free // 2)


def test_a_secret_file_is_never_readable_by_others(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        paths.write_whole(tmp_path / "secret", "x")
    finally:
        os.umask(old)
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_a_write_that_fails_leaves_the_old_file_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "state.json"
    paths.write_whole(file, "old")

    def refuse(*_: Any) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="No space"):
        paths.write_whole(file, "new")
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]
    assert file.read_text() == "old"
