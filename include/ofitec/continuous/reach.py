"""Which moments can be reached, and from what. Pure.

A base backup reaches the moments after it as far as its WAL goes on without a hole. How late that is nobody can read
from the segments: so each look commits a mark in Odoo's database and notes its time and its segment. If that segment is
in the archive, everything up to the mark's time is; and as the mark is itself a commit, replaying finds an end there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from ofitec.clients.pgbackrest_records import Base
from ofitec.continuous import wal
from ofitec.errors import InputError

LATEST = "último"  # what is asked for instead of a moment: as far as the archive goes
_SAYS_LATEST = {LATEST, "ultimo", "latest"}


class OutOfReach(InputError):
    """That moment cannot be restored."""


@dataclass(frozen=True)
class Mark:
    """A commit of ours: everything up to its time is in the WAL up to its segment.

    :param archive: id of the archive into which that server pushes
    """

    at: datetime
    archive: str
    segment: int


@dataclass(frozen=True)
class Stretch:
    """The moments that one base backup reaches."""

    base: Base
    first: datetime
    last: datetime


@dataclass(frozen=True)
class FilesAt:
    """A snapshot of the filestore: it holds every file that was there at its time, and perhaps later ones.

    :param path: of the filestore within it; "" where the backup's manifest says it
    :param backup: key of the nightly backup that it is a part of; "" if it is one of the minutes
    """

    snapshot: str
    at: datetime
    path: str
    backup: str = ""


def asked(text: str, zone: ZoneInfo) -> datetime | None:
    """The moment that somebody typed, in their zone: "2026-11-27 14:32:10", to parts of a second if they like. None for
    the latest there is.

    Of an hour that a change of the clock repeats, it is the first; with an offset ("-03:00") it is what it says.

    :raises InputError: if it is none
    """
    text = text.strip()
    if text.lower() in _SAYS_LATEST:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or len(text) < len("2026-11-27 14:32"):
        raise InputError(f'{text!r} is no moment. Write it as "2026-11-27 14:32:10" ({zone}), or "{LATEST}".')
    if found.tzinfo is None:
        found = found.replace(tzinfo=zone)
        if found.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != found.replace(tzinfo=None):
            raise InputError(f"{text!r} never was in {zone}: the clocks went forward over it.")
    return found.astimezone(UTC)


def stretches(
    bases: Iterable[Base], segments: Mapping[str, Iterable[str]], marks: Sequence[Mark], size: int
) -> list[Stretch]:
    """What each base backup reaches, oldest first; those that reach nothing known are left out.

    :param segments: archive id to the names of those that it holds
    :param size: bytes of a segment
    """
    numbers = {archive: {wal.number(name, size) for name in names} for archive, names in segments.items()}
    found = []
    for base in bases:
        present, begin = numbers.get(base.archive, set()), wal.number(base.first, size)
        end = wal.end(present, begin)
        first = base.stopped_at + timedelta(seconds=1)  # it is told in whole seconds, cut
        there = [mark.at for mark in marks if mark.archive == base.archive and begin <= mark.segment <= end]
        last = max((at for at in there if at >= first), default=None)
        if last is not None and end >= wal.number(base.last, size):
            found.append(Stretch(base, first, last))
    return sorted(found, key=lambda stretch: stretch.first)


def base_for(moment: datetime, known: Sequence[Stretch], zone: ZoneInfo) -> Stretch:
    """The newest base backup that reaches a moment.

    :raises OutOfReach: says which moments can be reached
    """
    for stretch in reversed(known):
        if stretch.first <= moment <= stretch.last:
            return stretch
    raise OutOfReach(
        f"{local(moment, zone)} cannot be restored. {ranges(known, zone)}."
        if known
        else f"{local(moment, zone)} cannot be restored: there is no base backup with its WAL yet."
    )


def ranges(known: Sequence[Stretch], zone: ZoneInfo) -> str:
    """The moments that can be reached, for people: "It can be from ... to ..., and from ... to ..."."""
    merged: list[tuple[datetime, datetime]] = []
    for stretch in known:
        if merged and stretch.first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], stretch.last))
        else:
            merged.append((stretch.first, stretch.last))
    said = [f"from {local(first, zone, up=True)} to {local(last, zone)}" for first, last in merged]
    return f"It can be {', and '.join(said)} ({zone})"


def around(moment: datetime | None, snapshots: Sequence[FilesAt]) -> list[FilesAt]:
    """The snapshots that hold the files of a moment, the one with most of them first.

    The first after it has all that were there, but those that Odoo removed in between: those are in the last before it.
    Of the latest moment (None) there is none after it.
    """
    ordered = sorted(snapshots, key=lambda found: found.at)
    after = [found for found in ordered if moment is not None and found.at >= moment][:1]
    before = [found for found in ordered if moment is None or found.at < moment][-1:]
    return after + before


def local(at: datetime, zone: ZoneInfo, *, up: bool = False) -> str:
    """As it is typed there, in whole seconds.

    :param up: rounded up, not cut
    """
    whole = at.replace(microsecond=0)
    if up and whole != at:
        whole += timedelta(seconds=1)
    return f"{whole.astimezone(zone):%Y-%m-%d %H:%M:%S}"
