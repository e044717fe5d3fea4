"""A set of files is written whole or not at all, whichever request the storage refuses."""

import os
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowTaskTimeout
from fsspec.implementations.local import LocalFileSystem

from ofitec.clients.storage import Storage, StorageFailed

NEW = {"a.csv": b"new a", "b.json": b"new b", "manifest.json": b"new manifest"}
OLD = {"a.csv": b"old a", "manifest.json": b"old manifest"}


class Refusing(LocalFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A local file system that refuses its n-th write or move."""

    cachable = False

    def __init__(self, refuse: int, error: BaseException | None = None, *, after: bool = False) -> None:
        """`after`: the n-th request is done, and what comes then is no answer to it."""
        super().__init__()
        self.left, self.error, self.after = refuse, error or OSError("refused"), after

    def _count(self, *, done: bool) -> None:
        if done is not self.after:
            return
        self.left -= 1
        if self.left == 0:
            raise self.error

    def pipe_file(self, path: str, value: bytes, **kwargs: Any) -> None:
        self._count(done=False)
        super().pipe_file(path, value, **kwargs)
        self._count(done=True)

    def mv(self, path1: str, path2: str, **kwargs: Any) -> None:
        self._count(done=False)
        super().mv(path1, path2, **kwargs)
        self._count(done=True)

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        if isinstance(self.error, PermissionError):
            raise self.error
        super().makedirs(path, exist_ok=exist_ok)


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


@pytest.mark.parametrize("before", [{}, OLD], ids=["first delivery", "second delivery"])
@pytest.mark.parametrize("refuse", range(1, 7))
@pytest.mark.parametrize("after", [False, True], ids=["before it", "after it"])
def test_airflows_timeout_at_any_request_leaves_what_was_there(
    tmp_path: Path, before: dict[str, bytes], refuse: int, after: bool
) -> None:
    target = tmp_path / "f29"
    target.mkdir()
    for name, data in before.items():
        (target / name).write_bytes(data)
    storage = Storage(Refusing(refuse, AirflowTaskTimeout("Timeout"), after=after), str(tmp_path), "file://x")
    with pytest.raises(AirflowTaskTimeout):
        storage.replace("f29", NEW, last="manifest.json")
    assert files(target) == before


def test_a_folder_that_may_not_be_made_is_told_as_such(tmp_path: Path) -> None:
    storage = Storage(Refusing(0, PermissionError("may not")), str(tmp_path), "file://x")
    with pytest.raises(StorageFailed, match="PermissionError: may not; nothing was delivered"):
        storage.replace("f29", NEW, last="manifest.json")


def test_a_missing_file_is_none_and_a_folder_is_made(tmp_path: Path) -> None:
    storage = Storage(LocalFileSystem(), str(tmp_path), "file://x")
    assert storage.read("f29/none.json") is None
    storage.replace("deep/er", NEW, last="manifest.json")
    assert storage.read("deep/er/a.csv") == b"new a"


class Unlistable(LocalFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A local file system whose folders may not be read."""

    cachable = False

    def ls(self, path: str, detail: bool = False, **kwargs: Any) -> list[Any]:
        raise PermissionError(13, "Permission denied", path)


def test_folders_and_files_are_listed_the_newest_file_last(tmp_path: Path) -> None:
    for name, age in (("b.csv", 20), ("a.csv", 10), (".half.csv", 5), ("c.csv", 30)):
        (tmp_path / "rcv" / "x").mkdir(parents=True, exist_ok=True)
        (tmp_path / "rcv" / "x" / name).write_bytes(b"1")
        os.utime(tmp_path / "rcv" / "x" / name, (1e9 - age, 1e9 - age))
    storage = Storage(LocalFileSystem(), str(tmp_path), "file://x")
    assert storage.folders("rcv") == ["x"]
    assert storage.files("rcv/x") == ["c.csv", "b.csv", "a.csv"]
    assert storage.files("rcv") == storage.folders("rcv/x") == storage.files("none") == storage.folders("none") == []


def test_a_folder_that_cannot_be_listed_is_no_empty_one(tmp_path: Path) -> None:
    storage = Storage(Unlistable(), str(tmp_path), "file://x")
    for listing in (storage.files, storage.folders):
        with pytest.raises(StorageFailed, match="file://x/rcv cannot be listed: PermissionError"):
            listing("rcv")
