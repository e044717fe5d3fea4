"""What restic's exit codes and messages mean to us (restic >= 0.17: 10 no repository, 11 locked, 12 wrong password)."""

import json

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


_DAMAGED = ("ciphertext verification failed", "does not match id", "invalid data returned", "not found in repository",
            "broken pack", "not found in index", "loading index")  # fmt: skip
_UNREACHABLE = ("connection refused", "connection reset", "no such host", "i/o timeout", "network is unreachable",
                "eof", "timeout", "503", "500 internal", "slowdown")  # fmt: skip


def words(finished: Finished) -> str:
    """The most telling message of a failed restic, in one line of at most 400 characters."""
    messages: list[str] = []
    for line in finished.stderr.splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            messages.append(line)
            continue
        if isinstance(record, dict):
            messages.append(str(record.get("message") or record.get("error", {}).get("message") or ""))
    said = [m.strip() for m in messages if m.strip()]
    fatal = [m for m in said if m.startswith("Fatal")]
    return " ".join((fatal or said[-3:] or ["it said nothing"])[-1 if fatal else 0 :]).replace("\n", " ")[:400]


def error_of(verb: str, where: str, finished: Finished) -> OfitecError:  # noqa: PLR0911 - one per meaning
    """The error that a non-zero exit stands for.

    :param verb: restic's command, e.g. "backup"
    :param where: the repository's address without credentials
    """
    said, code = words(finished), finished.returncode
    everything = finished.stderr.lower()
    if code == 10:
        return RepositoryMissing(
            f"There is no restic repository at {where}. Check the address in the connection; if this is the first "
            "backup, run backup_nightly with 'Crear el repositorio'."
        )
    if code == 12:
        return WrongPassword(
            f"The password opens no key of the restic repository {where}. Check the connection's password; "
            "if it is right, the repository's key files are gone (runbook: repository keys)."
        )
    if code == 11:
        return RepositoryLocked(f"The restic repository {where} is locked: {said}. It is tried again.")
    if "no space left on device" in everything or "disk quota exceeded" in everything:
        return RepositoryFull(f"No space left for restic {verb} to {where}: {said}. Free or add space, then run again.")
    if verb == "backup" and (code == 3 or "command failed" in everything):
        return SourceUnreadable(
            f"restic {verb} could not read all it should save (exit {code}): {said}. Nothing of it is counted."
        )
    if any(sign in everything for sign in _DAMAGED):
        return RepositoryDamaged(
            f"restic {verb}: the repository {where} is damaged: {said}. Do not prune it; see the runbook."
        )
    if any(sign in everything for sign in _UNREACHABLE):
        return RepositoryUnreachable(
            f"The restic repository {where} does not answer ({verb}: {said}). Check its storage."
        )
    return ResticFailed(f"restic {verb} on {where} failed with exit {code}: {said}.")
