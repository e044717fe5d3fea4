"""What restic's exit codes and messages mean to us (restic >= 0.17: 10 no repository, 11 locked, 12 wrong password)."""

import json
import re

from ofitec.errors import OfitecError, PermanentError, TransientError
from ofitec.process import Finished


class RepositoryMissing(PermanentError):
    """There is no repository at that address. It is never created unasked: that would hide a mistyped address."""


class WrongPassword(PermanentError):
    """The password opens no key of the repository (or the key files are gone)."""


class RepositoryLocked(TransientError):
    """Another restic holds a lock."""


class SourceUnreadable(PermanentError):
    """restic could not read all of what it should have saved."""


class RepositoryFull(PermanentError):
    """The repository's disk, or the temporary one, is full."""


class RepositoryDamaged(PermanentError):
    """The repository lacks or holds wrong data: what it holds cannot be restored whole."""


class RepositoryUnreachable(TransientError):
    """The repository's storage refuses, stalls or went away."""


class ResticFailed(TransientError):
    """restic failed in another way; its own words are in the message."""


class IndexDamaged(RepositoryDamaged):
    """Only the index lacks something, all packs are there: it can be rebuilt from them without loss."""


_PACK_GONE = re.compile(r"pack [0-9a-f]{8,}: (does not exist|unexpected file size)")
_DAMAGED = (
    "ciphertext verification failed",
    "does not match id",
    "invalid data returned",
    "broken pack",
    "repository contains errors",
    "repository could be damaged",
    "not found in repository",
    "not found in index",
    "loading index",
    "no matching id found",
)
# words only: the bare number of an HTTP status also stands in the names of packs
_UNREACHABLE = re.compile(
    r"connection refused|connection reset|no such host|i/o timeout|network is unreachable|\beof\b"
    r"|internal (server )?error|bad gateway|service.unavailable|gateway timeout|reduce your request rate"
    r"|(error|response|status)[ :(]+5\d\d\b"
)
_READERS = ("check", "dump", "restore")
_SAMPLE = 3


def words(finished: Finished) -> str:
    """What a failed restic said, in one line: its last word first, then the first errors before it."""
    said: list[str] = []
    for line in finished.stderr.splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            record = {"message": line}
        text = record.get("message") or record.get("error", {}).get("message") or ""
        if text.strip():
            said.append(" ".join(str(text).split()))
    if not said:
        return "it said nothing"
    last = next((text for text in reversed(said) if text.startswith("Fatal")), said[-1])
    others = [text for text in said if text != last and text not in last]
    return last[:300] + (f" ({'; '.join(others[:_SAMPLE])[:300]})" if others else "")


def missing(where: str) -> RepositoryMissing:
    """There is no repository at that address."""
    return RepositoryMissing(
        f"There is no restic repository at {where}. Check the address in the connection; if this is the first "
        "backup, run backup_nightly with 'Crear el repositorio'."
    )


def error_of(verb: str, where: str, finished: Finished) -> OfitecError:  # noqa: PLR0911 - one per meaning
    """The error that a non-zero exit stands for.

    :param verb: restic's command, e.g. "backup"
    :param where: the repository's address without credentials
    """
    said, code = words(finished), finished.returncode
    if code < 0:
        # the kernel for want of memory, or a person: it says nothing about the repository
        return ResticFailed(f"restic {verb} on {where} was killed by signal {-code}. It is tried again.")
    everything = finished.stderr.lower()
    if code == 10:
        return missing(where)
    if code == 12:
        return WrongPassword(
            f"The password opens no key of the restic repository {where}. Check the connection's password; "
            "if it is right, the repository's key files are gone (runbook: repository keys)."
        )
    if code == 11:
        return RepositoryLocked(f"The restic repository {where} is locked: {said}. It is tried again.")
    if "no space left on device" in everything or "disk quota exceeded" in everything:
        return RepositoryFull(f"No space left for restic {verb} to {where}: {said}. Free or add space, then run again.")
    if any(sign in everything for sign in _DAMAGED):
        kind = RepositoryDamaged if _PACK_GONE.search(everything) or "ciphertext" in everything else IndexDamaged
        return kind(f"restic {verb}: the repository {where} is damaged: {said}. Do not prune it; see the runbook.")
    if verb == "backup" and (code == 3 or "command failed" in everything):
        return SourceUnreadable(
            f"restic {verb} could not read all it should save (exit {code}): {said}. Nothing of it is counted."
        )
    if _UNREACHABLE.search(everything):
        return RepositoryUnreachable(
            f"The restic repository {where} does not answer ({verb}: {said}). Check its storage."
        )
    if verb in _READERS and "permission denied" not in everything:
        # it read the repository, which answered: what it could not read is not there or is wrong
        return RepositoryDamaged(
            f"restic {verb} could not read all of {where}: {said}. Do not prune it; see the runbook."
        )
    return ResticFailed(f"restic {verb} on {where} failed with exit {code}: {said}.")
