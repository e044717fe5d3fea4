import os
from pathlib import Path
from typing import Any

import pytest

from ofitec.whole_file import write_whole


def test_a_secret_file_is_never_readable_by_others(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        write_whole(tmp_path / "secret", "x")
    finally:
        os.umask(old)
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_a_write_that_fails_leaves_the_old_file_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "state.json"
    write_whole(file, "old")

    def refuse(*_: Any) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="No space"):
        write_whole(file, "new")
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]
    assert file.read_text() == "old"
