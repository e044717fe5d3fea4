"""Odoo's attachments: the rows of ir_attachment against the files of the filestore."""

import hashlib
import logging
import re
import time
from collections.abc import Container, Iterable
from pathlib import Path

import psycopg
from pydantic import BaseModel

from ofitec.errors import PermanentError, TransientError

log = logging.getLogger(__name__)

_QUERY = """
    SELECT store_fname, max(checksum), max(file_size) FROM public.ir_attachment
    WHERE store_fname IS NOT NULL GROUP BY store_fname ORDER BY store_fname
"""
_EVERY = 5.0  # seconds between two lines in the log
_SAMPLE = 3
_SHA1 = re.compile("[0-9a-f]{40}")


class FilesMissing(PermanentError):
    """Attachments have no file: the filestore is not mounted, is another one, or lost files."""


class CopyUnreadable(TransientError):
    """A restored file cannot be read where it was put. It says nothing about the backup."""


class Attachment(BaseModel):
    """One stored file: its name below the filestore, its sha1 and its bytes as Odoo wrote them down."""

    name: str
    sha1: str | None
    size: int | None


def stored(conn: psycopg.Connection) -> list[Attachment]:
    """The files that the rows name, each once."""
    return [Attachment(name=name, sha1=sha1, size=size) for name, sha1, size in conn.execute(_QUERY)]


def missing(filestore: Path, attachments: Iterable[Attachment]) -> list[str]:
    """Names of attachments without a file, or with a file of another size."""
    lost = []
    for attachment in attachments:
        try:
            size = (filestore / attachment.name).stat().st_size
        except OSError:
            lost.append(attachment.name)
            continue
        if attachment.size not in (None, 0, size):
            lost.append(attachment.name)
    return lost


def require(filestore: Path, attachments: list[Attachment], *, allowed: int) -> list[str]:
    """Names of those without a file, if they are no more than allowed.

    :raises FilesMissing: if the folder is not there, or lacks more files than allowed
    """
    if not filestore.is_dir():
        raise FilesMissing(f"The filestore {filestore} is not there. Is its volume mounted? See OFITEC_FILESTORE.")
    lost = missing(filestore, attachments)
    if len(lost) > allowed:
        hint = (
            "The volume is not mounted, or it is another database's filestore."
            if len(lost) == len(attachments)
            else f"Bring them back, or accept the loss by OFITEC_BACKUP_MISSING_FILES={len(lost)}."
        )
        raise FilesMissing(
            f"{len(lost)} of {len(attachments)} attachments have no (whole) file in {filestore} ({allowed} allowed): "
            f"{sample(lost)}. {hint}"
        )
    return lost


class Arrived:
    """Reads each restored file as it arrives, while its bytes are still in memory.

    :param whole: names of those whose bytes have the sha1 that is their name
    """

    def __init__(self, filestore: Path) -> None:
        self.whole: set[str] = set()
        self._filestore = filestore

    def take(self, name: str) -> None:
        """A file or folder was written. One that cannot be read, or has other bytes, is looked at again later."""
        sha1 = name.rpartition("/")[2]
        try:
            if _SHA1.fullmatch(sha1) and _digest(self._filestore / name) == sha1:
                self.whole.add(name)
        except OSError as error:
            log.warning("%s cannot be read yet: %s", name, error.strerror)


def damaged(
    filestore: Path, attachments: list[Attachment], known_missing: Iterable[str], whole: Container[str] = ()
) -> list[str]:
    """What is wrong with restored files, a sentence each: absent, or with another sha1 than the row says.

    :param whole: names of files that were read and have the sha1 of their names; only their presence is asked
    :raises CopyUnreadable: if a file is there and cannot be read
    """
    known, findings, told = set(known_missing), [], time.monotonic()
    for count, attachment in enumerate(attachments):
        if attachment.name in known:
            continue
        named = attachment.name.rpartition("/")[2]
        try:
            if attachment.name in whole:
                (filestore / attachment.name).stat()
                found = named
            else:
                found = _digest(filestore / attachment.name)
        except FileNotFoundError:
            findings.append(f"attachment {attachment.name} has no file")
            continue
        except OSError as error:
            raise CopyUnreadable(
                f"The restored file {attachment.name} in {filestore} cannot be read: {error.strerror}. Check that disk."
            ) from None
        # Odoo names the file by its sha1; the checksum column says it again
        expected = attachment.sha1 or named
        if found != expected:
            findings.append(f"attachment {attachment.name} holds other bytes: sha1 {found} instead of {expected}")
        if time.monotonic() - told > _EVERY:
            told = time.monotonic()
            log.info("Files compared: %d of %d", count, len(attachments))
    return findings


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha1").hexdigest()


def sample(names: list[str]) -> str:
    """The first names and how many more."""
    more = len(names) - _SAMPLE
    return ", ".join(names[:_SAMPLE]) + (f" and {more} more" if more > 0 else "")
