"""The client of file storage: a local folder or S3, through Airflow's ObjectStoragePath and fsspec.

A set of files is written whole or not at all: first into a staging folder beside the target, then each file is moved
to its place, and the last one (the manifest) says that the set is complete. If anything fails, what was there before
is put back. Each request to S3 takes its time, 200 companies send thousands: none is sent that is not needed.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from botocore.exceptions import BotoCoreError, ClientError
from fsspec.implementations.local import LocalFileSystem

from ofitec.errors import InputError, TransientError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

log = logging.getLogger(__name__)

# what fsspec and s3fs raise when a storage refuses, loses or does not answer a request
STORAGE_ERRORS = (OSError, BotoCoreError, ClientError)


class StorageFailed(TransientError):
    """The storage refused or lost a request. The target is as it was before."""


class Storage:
    """Files below one root.

    :param fs: any fsspec file system
    :param root: path of the root in it, without a trailing slash
    :param url: the root as a person writes it, without connection id, for messages and records
    """

    def __init__(self, fs: "AbstractFileSystem", root: str, url: str) -> None:
        self._fs = fs
        self._root = root.rstrip("/")
        self.url = url.rstrip("/")
        # S3 has no rename, only copy and delete, and the staging folder is deleted in the end anyway
        self._move = fs.mv if isinstance(fs, LocalFileSystem) else fs.cp_file

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Open `file:///folder` or `s3://<aws connection>@bucket/prefix`.

        :raises InputError: if the connection it names does not exist
        """
        from airflow.sdk import ObjectStoragePath

        path = ObjectStoragePath(url)
        try:
            fs = path.fs
        except STORAGE_ERRORS as error:
            raise InputError(f"OFITEC_EXPORT_URL cannot be opened: {_brief(error)}. Check its connection.") from None
        fs.invalidate_cache()
        scheme, rest = url.split("://", 1)
        return cls(fs, path.path, f"{scheme}://{rest.rpartition('@')[2]}")

    def read(self, name: str) -> bytes | None:
        """The bytes of a file below the root, or None if there is none.

        :raises StorageFailed: if the storage does not answer
        """
        try:
            return bytes(self._fs.cat_file(f"{self._root}/{name}"))
        except FileNotFoundError as error:
            self._require_bucket(error)
            return None
        except STORAGE_ERRORS as error:
            raise StorageFailed(f"{self.url} cannot be read: {_brief(error)}. Nothing was changed.") from None

    def folders(self, folder: str) -> list[str]:
        """Names of the folders in a folder below the root, in order; none if it does not exist.

        :raises StorageFailed: if the storage does not answer
        """
        return sorted(_name(entry) for entry in self._entries(folder) if entry["type"] == "directory")

    def files(self, folder: str) -> list[str]:
        """Names of the files in a folder below the root, the one written last at the end; none if it does not exist.

        What begins with a dot is being written, or is a system's own, and is none of them.

        :raises StorageFailed: if the storage does not answer
        """
        found = [entry for entry in self._entries(folder) if entry["type"] == "file"]
        names = [(_written(entry), _name(entry)) for entry in found]
        return [name for _, name in sorted(names) if name and not name.startswith(".")]

    def _entries(self, folder: str) -> list[dict[str, Any]]:
        try:
            return list(self._fs.ls(f"{self._root}/{folder}", detail=True))
        except FileNotFoundError as error:
            self._require_bucket(error)
            return []
        except STORAGE_ERRORS as error:
            raise StorageFailed(
                f"{self.url}/{folder} cannot be listed: {_brief(error)}. Nothing was changed."
            ) from None

    def _require_bucket(self, error: BaseException | None) -> None:
        """A file or folder that is not there is one thing, a bucket that is not there another.

        :raises StorageFailed: if it is the bucket
        """
        while error is not None:
            answer = error.response if isinstance(error, ClientError) else {}
            if answer.get("Error", {}).get("Code") == "NoSuchBucket":
                raise StorageFailed(
                    f"{self.url} cannot be read: its bucket does not exist. Make it, or correct OFITEC_EXPORT_URL."
                ) from None
            error = error.__cause__ or error.__context__

    def prove(self, name: str, content: bytes) -> None:
        """Write a small file below the root, read it back and remove it.

        :raises StorageFailed: if one of the three does not work
        """
        path, doing = f"{self._root}/{name}", "written to"
        try:
            self._fs.makedirs(self._root, exist_ok=True)
            self._fs.pipe_file(path, content)
            doing = "read back from"
            same = self._fs.cat_file(path) == content
            doing = "cleaned (a file cannot be removed)"
            self._fs.rm_file(path)
        except STORAGE_ERRORS as error:
            raise StorageFailed(
                f"{self.url} cannot be {doing}: {_brief(error)}. Check its connection and rights."
            ) from None
        if not same:
            raise StorageFailed(f"{self.url} gave back other bytes than were written. Do not deliver there.")

    def replace(self, folder: str, files: Mapping[str, bytes], last: str) -> None:
        """Write a set of files into a folder below the root, all or none.

        :param files: file name to bytes
        :param last: name of the file that is moved into place last, as the sign that the set is complete
        :raises StorageFailed: if the storage failed; the folder holds what it held before
        """
        target, staging = f"{self._root}/{folder}", f"{self._root}/{folder}/.incoming"
        order = [*(name for name in files if name != last), last]
        there = self._names(folder)
        before = {name: self.read(f"{folder}/{name}") if name in there else None for name in order}
        moved: list[str] = []
        name = last
        try:
            self._fs.makedirs(staging, exist_ok=True)
            for name in order:
                self._fs.pipe_file(f"{staging}/{name}", files[name])
            for name in order:
                moved.append(name)
                self._move(f"{staging}/{name}", f"{target}/{name}")
        except BaseException as error:  # Airflow's timeout and a kill by signal are no Exception
            undone = self._undo(target, moved, before)
            self._clear(staging)
            if not isinstance(error, STORAGE_ERRORS):
                raise
            state = "nothing was delivered" if undone else "files may be half written: run again to mend them"
            raise StorageFailed(f"{self.url}/{folder} refused {name}: {_brief(error)}; {state}.") from None
        self._clear(staging)

    def place(self, folder: str, files: Mapping[str, Path], last: str) -> None:
        """Put files of this machine into a new folder below the root, all or none; they may be larger than memory.

        :param files: file name to where it is
        :param last: name of the file that is put there last, as the sign that the set is complete
        :raises StorageFailed: if the storage failed; then nothing of it is left, as far as the storage lets us
        """
        target = f"{self._root}/{folder}"
        try:
            self._fs.makedirs(target, exist_ok=True)
            for name in [*(name for name in files if name != last), last]:
                self._fs.put_file(str(files[name]), f"{target}/{name}")
        except BaseException as error:  # Airflow's timeout and a kill by signal are no Exception
            self._clear(target)
            if not isinstance(error, STORAGE_ERRORS):
                raise
            raise StorageFailed(f"{self.url}/{folder} was refused: {_brief(error)}; nothing was delivered.") from None

    def _names(self, folder: str) -> set[str]:
        """The names of the files in a folder below the root.

        :raises StorageFailed: if the storage does not answer
        """
        try:
            self._fs.invalidate_cache()
            return {str(path).rpartition("/")[2] for path in self._fs.ls(f"{self._root}/{folder}", detail=False)}
        except FileNotFoundError:
            return set()
        except STORAGE_ERRORS as error:
            raise StorageFailed(f"{self.url} cannot be read: {_brief(error)}. Nothing was changed.") from None
        finally:
            self._fs.invalidate_cache()

    def _undo(self, target: str, moved: list[str], before: Mapping[str, bytes | None]) -> bool:
        """Put back what the moved files replaced, newest first. True if all of it worked."""
        done = True
        for name in reversed(moved):
            old = before[name]
            try:
                if old is not None:
                    self._fs.pipe_file(f"{target}/{name}", old)
                elif self._fs.exists(f"{target}/{name}"):
                    self._fs.rm_file(f"{target}/{name}")
            except STORAGE_ERRORS as error:
                log.warning("%s/%s could not be put back: %s", target, name, _brief(error))
                done = False
        return done

    def _clear(self, staging: str, *, again: bool = True) -> None:
        try:
            self._fs.invalidate_cache()
            if self._fs.exists(staging):
                self._fs.rm(staging, recursive=True)
        except STORAGE_ERRORS as error:
            if again:  # one refused request leaves nothing behind
                self._clear(staging, again=False)
            else:
                # the target is right either way; the next delivery clears the staging folder again
                log.warning("%s could not be cleared: %s", staging, _brief(error))


def _name(entry: Mapping[str, Any]) -> str:
    return str(entry["name"]).rstrip("/").rpartition("/")[2]


def _written(entry: Mapping[str, Any]) -> datetime:
    """When a file was written, as a local folder (seconds) or S3 (a moment) tells it."""
    at = entry.get("LastModified") or entry.get("mtime") or 0
    return at if isinstance(at, datetime) else datetime.fromtimestamp(at, UTC)


def _brief(error: Any) -> str:
    """One line of an error, without the request that caused it (it can hold signatures)."""
    return f"{type(error).__name__}: {str(error).splitlines()[0][:200] if str(error) else 'no message'}"
