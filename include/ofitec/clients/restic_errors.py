"""What restic's exit codes and messages mean to us (restic >= 0.17: 10 no repository, 11 locked, 12 wrong password).

A repository is called damaged only by positive signs: data that were read and are wrong, or a file that a listing which
succeeded does not have. restic ends with the same "repository contains errors" when its storage refused to answer, and
it names packs as missing when listing them failed; so neither the exit code nor those words are a sign.
"""

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
    """The repository's disk is full."""


class CopyDiskFull(PermanentError):
    """The disk on which a copy is restored is full. It says nothing about the repository."""


class RepositoryDamaged(PermanentError):
    """The repository lacks or holds wrong data: what it holds cannot be restored whole."""


class CopyDamaged(TransientError):
    """While it was copied from one repository to another, data were wrong or missing. It does not say in which."""


class RepositoryUnreachable(TransientError):
    """The repository's storage refuses, stalls or went away."""


class RepositoryRefused(PermanentError):
    """The repository's storage does not let us in: wrong or expired credentials, or too few rights."""


class ResticFailed(TransientError):
    """restic failed in another way; its own words are in the message."""


class IndexDamaged(RepositoryDamaged):
    """Only the index lacks something, all packs are there: it can be rebuilt from them without loss."""


# data that were read and are wrong (restic's internal/repository, restorer and local backend)
_WRONG = re.compile(
    r"ciphertext verification failed|ciphertext too short|decompression failed|wrong data returned, hash is"
    r"|unexpected pack id|pack id does not match|pack header size does not match|header (is )?(invalid|too short)"
    r"|invalid header length|invalid data returned|unexpected file size: got|\bfile is too short|restic-file-too-short"
    r"|does not match id|broken pack|gaps / overlapping blobs|contained in index or position is incorrect"
)
# all indexes were read, and this blob is in none of them
_NOT_INDEXED = re.compile(
    r"not found in (repository|index)|is not known; the repository could be damaged|size could not be found"
    r"|isn't contained in index"
)
_INDEX_FILE = re.compile(r"<index/[0-9a-f]+>\)?: invalid data returned")
# what holds no backup's data: a key that is wrong shows as a password that opens nothing
_ASIDE = re.compile(r"<(key|lock)/[0-9a-f]+>\)?: invalid data returned")
_FILE = re.compile(r"<(data|snapshot|index)/([0-9a-f]{10,64})>|\bpack ([0-9a-f]{8,64})\b")
_LISTS = {"data": "packs", "snapshot": "snapshots", "index": "index"}
# words only: the bare number of an HTTP status also stands in the names of packs
_REFUSED = re.compile(
    r"access ?denied|forbidden|unauthorized|invalidaccesskeyid|access key id you provided does not exist"
    r"|signaturedoesnotmatch|request signature we calculated|expired ?token|token (has |is |provided has )?expired"
    r"|authentication ?failed|authorization ?failure|authorization(permission)?mismatch|invalid_grant|bad_auth_token"
    r"|default credentials|no credentials|nocredentialproviders|requesttimetooskewed|time is too large"
    r"|permission denied \(|does not have storage|(error|response|status)[ :(]+40[13]\b"
)
_UNREACHABLE = re.compile(
    r"connection refused|connection reset|no such host|i/o timeout|network is unreachable|no route to host|\beof\b"
    r"|internal (server )?error|bad gateway|service.unavailable|gateway timeout|reduce your request rate|slow ?down"
    r"|too many requests|x509|tls:|certificate|server misbehaving|host key verification failed|broken pipe"
    r"|context deadline exceeded|stale file handle|input/output error|(error|response|status)[ :(]+(429|5\d\d)\b"
)
READERS = ("check", "dump", "restore")
_SAMPLE = 3


def words(finished: Finished) -> str:
    """What a failed restic said, in one line: its last word first, then what tells most of the errors before it."""
    messages = _messages(finished)
    if not messages:
        return "it said nothing"
    last = next((text for text in reversed(messages) if text.startswith("Fatal")), messages[-1])
    others = [text for text in messages if text != last and text not in last]
    # restic goes on after an error and fails at all that needed it: what is wrong with data says more than that
    others.sort(key=lambda text: not _WRONG.search(text.lower()) and not _FILE.search(text))
    return last[:300] + (f" ({'; '.join(others[:_SAMPLE])[:300]})" if others else "")


def _messages(finished: Finished) -> list[str]:
    messages: list[str] = []
    for line in finished.stderr.splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            record = {"message": line}
        record = record if isinstance(record, dict) else {"message": line}
        error = record.get("error")
        text = record.get("message") or (error.get("message") if isinstance(error, dict) else error) or ""
        if str(text).strip():
            messages.append(" ".join(str(text).split()))
    return messages


def missing(where: str) -> RepositoryMissing:
    """There is no repository at that address."""
    return RepositoryMissing(
        f"There is no restic repository at {where}. Check the address in the connection; if this is the first "
        "backup, run backup_nightly with 'Crear el repositorio'."
    )


def unanswered(verb: str, where: str, reason: str) -> OfitecError:
    """The error for a restic that was ended because it went on trying.

    :param reason: how it was ended, and its last words
    """
    if "specified bucket does not exist" in reason:
        # restic takes it for a hiccup and would ask for a quarter of an hour
        return missing(where)
    if _REFUSED.search(reason.lower()):
        return refused(verb, where, reason)
    return RepositoryUnreachable(f"restic {verb} on {where}: {reason} Its storage may be down; it is tried again.")


def refused(verb: str, where: str, reason: str) -> RepositoryRefused:
    """The storage does not let us in."""
    return RepositoryRefused(
        f"The storage of the restic repository {where} does not let us in ({verb}: {reason}). Check the "
        "credentials and what they may do; nothing was learnt about the data."
    )


def named(finished: Finished) -> dict[str, set[str]]:
    """The repository's files that a failed restic complained of: {"packs" | "snapshots" | "index": {ids or their
    beginnings}}. Whether they are missing, only a listing can say."""
    found: dict[str, set[str]] = {}
    for text in _messages(finished):
        for kind, name, pack in _FILE.findall(text):
            found.setdefault(_LISTS[kind or "data"], set()).add(name or pack)
    return found


def gone(verb: str, where: str, finished: Finished, files: list[str]) -> RepositoryDamaged:
    """The error for files that a listing does not have.

    :param files: e.g. ["packs 71905f58d6"]
    """
    return RepositoryDamaged(
        f"restic {verb}: the repository {where} is damaged: it has no {', '.join(files[:_SAMPLE])}: {words(finished)}. "
        "Do not prune it; see the runbook."
    )


def error_of(verb: str, where: str, finished: Finished) -> OfitecError:  # noqa: PLR0911 - one per meaning
    """The error that a non-zero exit stands for.

    :param verb: restic's command, e.g. "backup"
    :param where: the repository's address without credentials
    """
    reason, code = words(finished), finished.returncode
    if code < 0:
        # the kernel for want of memory, or a person: it says nothing about the repository
        return ResticFailed(f"restic {verb} on {where} was killed by signal {-code}. It is tried again.")
    everything = "\n".join(_messages(finished)).lower()
    if code == 10:
        return missing(where)
    if code == 12:
        return WrongPassword(
            f"The password opens no key of the restic repository {where}. Check the connection's password; "
            "if it is right, the repository's key files are gone (runbook: repository keys)."
        )
    if code == 11:
        return RepositoryLocked(f"The restic repository {where} is locked: {reason}. It is tried again.")
    if kind := _damage(everything):
        if verb == "copy":
            return CopyDamaged(
                f"restic copy met wrong or missing data in {where}: {reason}. Nothing of this copy counts. If it stays "
                "so, prove both repositories (backup_verify, backup_copy) before anything is removed."
            )
        return kind(f"restic {verb}: the repository {where} is damaged: {reason}. Do not prune it; see the runbook.")
    if "no space left on device" in everything or "disk quota exceeded" in everything:
        if verb == "restore":
            return CopyDiskFull(
                f"No space left for the copy that restic restores: {reason}. Free or add space where OFITEC_WORK_DIR "
                "is."
            )
        return RepositoryFull(
            f"No space left for restic {verb} to {where}: {reason}. Free or add space, then run again."
        )
    if verb == "backup" and (code == 3 or "command failed" in everything):
        return SourceUnreadable(
            f"restic {verb} could not read all it should save (exit {code}): {reason}. Nothing of it is counted."
        )
    if _REFUSED.search(everything):
        return refused(verb, where, reason)
    if _UNREACHABLE.search(everything):
        return RepositoryUnreachable(
            f"The restic repository {where} does not answer ({verb}: {reason}). Check its storage."
        )
    return ResticFailed(f"restic {verb} on {where} failed with exit {code}: {reason}.")


def _damage(everything: str) -> type[RepositoryDamaged] | None:
    """What the words prove about the repository: nothing, or that data or only the index is wrong."""
    everything = _ASIDE.sub("", everything)
    # an index file that is wrong says nothing of the packs
    without_index = _INDEX_FILE.sub("", everything)
    if _WRONG.search(without_index):
        return RepositoryDamaged
    if without_index != everything:
        return IndexDamaged
    trouble = _REFUSED.search(everything) or _UNREACHABLE.search(everything)
    return IndexDamaged if _NOT_INDEXED.search(everything) and not trouble else None
