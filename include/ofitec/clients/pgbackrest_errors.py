"""What pgBackRest's exit codes and messages mean to us (its src/build/error/error.yaml names the codes)."""

import re

from ofitec.clients.restic_errors import CopyDiskFull
from ofitec.errors import OfitecError, PermanentError, TransientError
from ofitec.process import Finished


class ArchiveAway(TransientError):
    """The archive's storage does not answer, or is not where it should be."""


class ArchiveEmpty(PermanentError):
    """The storage answers and holds no archive of this server: nothing was ever pushed, or the address is another."""


class ArchiveKeyWrong(PermanentError):
    """The pass phrase does not open the repository."""


class ArchiveRefused(PermanentError):
    """The storage does not let us in."""


class ArchiveFull(PermanentError):
    """The archive's storage has no room left."""


class ArchiveOfOther(PermanentError):
    """The archive is of another server than the one that pushes into it."""


class ArchiveBusy(TransientError):
    """Another pgBackRest does the same."""


class ArchiveDamaged(PermanentError):
    """What the repository holds was read, and some of it is not what was stored."""


class BaseNotMade(PermanentError):
    """A base backup failed by what lies with the server, not with the repository."""


class PgbackrestFailed(TransientError):
    """pgBackRest failed in another way; its own words are in the message."""


_CRYPTO, _LOCK = 95, 50
_FULL = re.compile(r"no space left|disk quota exceeded|quotaexceeded")
_MEANS: list[tuple[type[OfitecError], str, str]] = [
    (ArchiveFull, _FULL.pattern, "Give it room; WAL waits on the database's host"),
    (ArchiveKeyWrong, r"unable to flush|cipher|decrypt|formaterror|\[095\]", "Is it the pass phrase of connection "
     "pgbackrest_default?"),
    (ArchiveRefused, r"accessdenied|access denied|invalidaccesskeyid|signaturedoesnotmatch|\[?40[13]\]?:? (forbidden|"
     r"unauthorized)", "Check the credentials and rights of connection pgbackrest_default"),
    (ArchiveOfOther, r"do(es)? not match|system-id|\[051\]|\[058\]|\[041\]", "After a new server or a major upgrade: "
     "pgbackrest stanza-upgrade on the database's host, then a full backup"),
    (ArchiveBusy, r"\[050\]|unable to acquire lock", "It is tried again"),
    (BaseNotMade, r"\[087\]|\[082\]|\[056\]|archive_mode|archive_command|wal segment .* was not archived", "See the "
     "archive_command and PostgreSQL's log on the database's host"),
    (ArchiveAway, r"missing stanza|unable to (open|find|list|load info)|does not exist|no such file|hostconnect|"
     r"unable to (get address|connect|negotiate)|timeout|\[049\]|\[055\]|\[103\]|connection (refused|reset)|eof",
     "Is its disk mounted, does its network answer?"),
]  # fmt: skip
_LINE = re.compile(r"ERROR: \[(\d{3})\]: (.*)")


def error_of(verb: str, where: str, done: Finished) -> OfitecError:
    """The error of a failed pgBackRest, with its code and its own words."""
    said = _words(done)
    text, what = f"[{done.returncode:03d}] {said}".lower(), f"pgbackrest {verb} on {where} failed"
    if verb == "restore" and _FULL.search(text):
        return CopyDiskFull(f"{what} for want of room on this machine's disk: {said} Free some (OFITEC_WORK_DIR).")
    if "permission denied" in text and where.lower() in text:
        return ArchiveRefused(f"{what}: {said} Let our user read it (docs/continuous.md).")
    for kind, pattern, advice in _MEANS:
        if re.search(pattern, text):
            return kind(f"{what} with exit {done.returncode}: {said} {advice}.")
    return PgbackrestFailed(f"{what} with exit {done.returncode}: {said}")


def unanswered(verb: str, where: str, why: str) -> ArchiveAway:
    """The error of a pgBackRest that took too long."""
    return ArchiveAway(f"pgbackrest {verb} on {where} did not end: {why} Does its storage answer?")


def _words(done: Finished) -> str:
    lines = [line.strip() for line in (done.stderr + "\n" + done.stdout).splitlines() if line.strip()]
    first = next((number for number, line in enumerate(lines) if "ERROR:" in line), None)
    if first is None:
        return f"{' '.join(lines)[-300:] or 'it said nothing'}."
    # an error goes on in the lines below it
    text = " ".join(lines[first : first + 4])
    match = _LINE.search(text)
    return f"{(match[2] if match else text)[:300].rstrip('. ')}."
