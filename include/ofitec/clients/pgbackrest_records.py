"""What pgBackRest tells of a repository: base backups and segments of WAL."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ofitec.clients.pgbackrest_errors import ArchiveAway, ArchiveEmpty, ArchiveKeyWrong

_SEGMENT = re.compile(r"([^/]+)/[0-9A-F]{16}/([0-9A-F]{24})-[0-9a-f]{40}(\.\w+)?")


@dataclass(frozen=True)
class Base:
    """A base backup.

    :param kind: "full", "incr" or "diff"
    :param stopped_at: when it was complete, to the second; moments after it can be reached from it
    :param first: and `last`: the segments that it needs at least
    :param archive: id of the archive that goes on from it, e.g. "15-1"
    :param bytes: of the whole cluster
    """

    label: str
    kind: str
    stopped_at: datetime
    first: str
    last: str
    archive: str
    bytes: int


@dataclass(frozen=True)
class Info:
    """What a repository holds of a server.

    :param bases: those that are whole, oldest first
    :param system_id: PostgreSQL's own number of the server that pushes now
    :param archive: id of that server's archive
    :param version: PostgreSQL's major version
    """

    bases: tuple[Base, ...]
    system_id: int
    archive: str
    version: str


def info_of(text: str, where: str) -> Info:
    """The answer of `info --output=json`.

    :raises ArchiveEmpty: if it has no such server
    :raises ArchiveKeyWrong: if the pass phrase does not open it
    :raises ArchiveAway: if it cannot be read
    """
    # with a wrong pass phrase it quotes what it read, control characters and all
    found: list[dict[str, Any]] = json.loads(text or "[]", strict=False)
    if not found:
        raise _empty(where, "no stanza")
    about = found[0]
    told = [about["status"]["message"], *(repo["status"]["message"] for repo in about.get("repo", []))]
    said = "".join(letter if letter.isprintable() and letter != "\ufffd" else " " for letter in " ".join(told))
    if about["status"]["code"] in (1, 3) or not about.get("db"):
        # the wrong one is found by its padding, or not before what it gave makes no sense
        if re.search("crypto|cipher|decrypt|formaterror", said.lower()):
            raise ArchiveKeyWrong(f"{where} does not open: {said[:300]}. Is it the pass phrase of pgbackrest_default?")
        if about["status"]["code"] in (1, 3):
            raise _empty(where, said)
        raise ArchiveAway(f"{where} cannot be read: {said[:300]}. Is its disk mounted, does its network answer?")
    archives = {entry["database"]["id"]: str(entry["id"]) for entry in about.get("archive", [])}
    newest = max(about["db"], key=lambda db: int(db["id"]))
    bases = [_base(entry, archives) for entry in about.get("backup", []) if not entry.get("error")]
    return Info(
        bases=tuple(sorted((base for base in bases if base is not None), key=lambda base: base.stopped_at)),
        system_id=int(newest["system-id"]),
        archive=archives.get(newest["id"], f"{newest['version']}-{newest['id']}"),
        version=str(newest["version"]),
    )


def listed(text: str) -> dict[str, dict[str, datetime]]:
    """The answer of `repo-ls --recurse --output=json archive/<stanza>`: archive id to {segment: when it was stored}."""
    archives: dict[str, dict[str, datetime]] = {}
    for path, about in json.loads(text or "{}").items():
        if match := _SEGMENT.fullmatch(path):
            archives.setdefault(match[1], {})[match[2]] = datetime.fromtimestamp(int(about["time"]), UTC)
    return archives


def _base(entry: dict[str, Any], archives: dict[int, str]) -> Base | None:
    wal, archive = entry.get("archive") or {}, archives.get(entry["database"]["id"])
    if archive is None or not wal.get("start") or not wal.get("stop"):
        return None  # of a server whose archive is gone: nothing can be replayed on it
    return Base(
        label=str(entry["label"]),
        kind=str(entry["type"]),
        stopped_at=datetime.fromtimestamp(int(entry["timestamp"]["stop"]), UTC),
        first=str(wal["start"]),
        last=str(wal["stop"]),
        archive=archive,
        bytes=int(entry["info"]["size"]),
    )


def _empty(where: str, said: str) -> ArchiveEmpty:
    return ArchiveEmpty(
        f"{where} holds no archive of this server ({said[:200]}). Is its disk mounted? Is the address of "
        "connection pgbackrest_default right? If nothing was ever pushed: pgbackrest stanza-create on the database's "
        "host (docs/continuous.md)."
    )
