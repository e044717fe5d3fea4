import shutil
from pathlib import Path

import pytest

from dev.stack.errors import StackError
from dev.stack.machine import paths


def test_too_little_disk_is_said_with_its_figures(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(paths, "LOCAL", tmp_path)
    usage = shutil.disk_usage(tmp_path)
    with pytest.raises(StackError, match=r"GB free and the first start needs \d+ GB: free some disk"):
        paths.require_disk(usage.free * 2)
    paths.require_disk(usage.free // 2)
