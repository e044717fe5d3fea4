"""What restic tells of snapshots and locks."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class Saved:
    """What one `restic backup` saved. Bytes; `added` is what the repository grew by, compressed."""

    id: str
    processed: int
    added: int
    files: int
    seconds: float


@dataclass(frozen=True)
class Snapshot:
    """A snapshot as the repository lists it.

    :param original: of a copy, the id that it had where it was made
    """

    id: str
    time: datetime
    hostname: str
    paths: tuple[str, ...]
    tags: frozenset[str]
    original: str = ""

    def tag(self, name: str) -> str | None:
        """The value of a tag `name=value`, or None."""
        return next((tag.partition("=")[2] for tag in self.tags if tag.startswith(f"{name}=")), None)


@dataclass(frozen=True)
class Lock:
    """A lock in the repository."""

    id: str
    time: datetime
    hostname: str
    pid: int
    exclusive: bool


def snapshot_of(record: dict[str, Any]) -> Snapshot:
    """A snapshot of restic's JSON."""
    return Snapshot(
        id=record["id"],
        time=moment_of(record["time"]),
        hostname=record["hostname"],
        paths=tuple(record["paths"]),
        tags=frozenset(record.get("tags") or ()),
        original=record.get("original") or "",
    )


def moment_of(text: str) -> datetime:
    """A time of restic's JSON."""
    # restic writes nanoseconds, Python reads microseconds
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text)).astimezone(UTC)
