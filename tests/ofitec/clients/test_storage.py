"""A set of files is written whole or not at all, whichever request the storage refuses."""

from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.local import LocalFileSystem

from ofitec.clients.storage import Storage, StorageFailed

NEW = {"a.csv": b"new a", "b.json": b"new b", "manifest.json": b"new manifest"}
OLD = {"a.csv": b"old a", "manifest.json": b"old manifest"}


class Refusing(LocalFileSystem):
    """A local file system that refuses its n-th write or move."""

    cachable = False

    def __init__(self, refuse: int) -> None:
        super().__init__()
        self.left = refuse

    def _count(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise OSError("refused")

    def pipe_file(self, path: str, value: bytes, **kwargs: Any) -> None:
        self._count()
        super().pipe_file(path, value, **kwargs)

    def mv(self, path1: str, path2: str, **kwargs: Any) -> None:
        self._count()
        super().mv(path1, path2, **kwargs)


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("before", [{}, OLD], ids=["first delivery", "second delivery"])
@pytest.mark.parametrize("refuse", range(1, 7))
def test_a_refused_request_leaves_what_was_there(tmp_path: Path, before: dict[str, bytes], refuse: int) -> None:
    target = tmp_path / "f29"
    target.mkdir()
    for name, data in before.items():
        (target / name).write_bytes(data)
    storage = Storage(Refusing(refuse), str(tmp_path), "file://x")
    with pytest.raises(StorageFailed, match="nothing was delivered"):
        storage.replace("f29", NEW, last="manifest.json")
    assert files(target) == before
    storage.replace("f29", NEW, last="manifest.json")
    assert files(target) == NEW


def test_a_missing_file_is_none_and_a_folder_is_made(tmp_path: Path) -> None:
    storage = Storage(LocalFileSystem(), str(tmp_path), "file://x")
    assert storage.read("f29/none.json") is None
    storage.replace("deep/er", NEW, last="manifest.json")
    assert storage.read("deep/er/a.csv") == b"new a"
