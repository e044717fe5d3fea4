"""Which moments can be reached, from which base backup, with which snapshots of the files. No service."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ofitec.clients.pgbackrest_records import Base
from ofitec.continuous import reach, wal
from ofitec.continuous.reach import FilesAt, Mark, OutOfReach, Stretch
from ofitec.errors import InputError

ZONE = ZoneInfo("America/Santiago")
SIZE = 16 * 1024 * 1024
NOON = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)  # in Chile


def name(number: int, timeline: int = 1) -> str:
    return f"{timeline:08X}{number // 256:08X}{number % 256:08X}"


def base(at: datetime, first: int, label: str = "F", archive: str = "15-1") -> Base:
    return Base(label, "full", at, name(first), name(first), archive, 1000)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def marks(*segments: int, each: float = 5) -> list[Mark]:
    """One each five minutes, the first five after noon."""
    return [Mark(NOON + minutes(each * (i + 1)), "15-1", segment) for i, segment in enumerate(segments)]


@pytest.mark.parametrize("size", [SIZE, 1024 * 1024, 1024**3])
def test_a_segments_number_follows_the_one_before_it(size: int) -> None:
    per_log = 0x1_0000_0000 // size
    last = f"00000001{0:08X}{per_log - 1:08X}"
    assert wal.number(f"00000001{1:08X}{0:08X}", size) == wal.number(last, size) + 1
    assert wal.number(f"00000007{1:08X}{0:08X}", size) == wal.number(f"00000001{1:08X}{0:08X}", size)


@pytest.mark.parametrize("wrong", ["", "00000002.history", "0" * 23, "000000010000000000000002.00000028.backup"])
def test_what_is_no_segment_is_no_number(wrong: str) -> None:
    with pytest.raises(ValueError, match="no WAL segment"):
        wal.number(wrong, SIZE)


def test_a_mark_counts_when_its_segment_is_there() -> None:
    there = {"15-1": [name(n) for n in (2, 3, 4)]}
    [found] = reach.stretches([base(NOON, 2)], there, marks(3, 4, 5), SIZE)
    assert (found.first, found.last) == (NOON + timedelta(seconds=1), NOON + minutes(10))


def test_a_hole_ends_what_a_base_backup_reaches_and_the_next_one_begins_anew() -> None:
    there = {"15-1": [name(n) for n in (2, 3, 5, 6, 7)]}
    first, second = base(NOON, 2, "one"), base(NOON + minutes(16), 6, "two")
    found = reach.stretches([first, second], there, marks(3, 4, 5, 6, 7), SIZE)
    assert [(s.base.label, s.last - NOON) for s in found] == [("one", minutes(5)), ("two", minutes(25))]
    with pytest.raises(OutOfReach) as error:
        reach.base_for(NOON + minutes(7), found, ZONE)
    assert str(error.value) == (
        "2026-11-27 12:07:00 cannot be restored. It can be from 2026-11-27 12:00:01 to 2026-11-27 12:05:00, and from "
        "2026-11-27 12:16:01 to 2026-11-27 12:25:00 (America/Santiago)."
    )


def test_segments_of_another_server_reach_nothing() -> None:
    there = {"15-1": [name(2)], "15-2": [name(n) for n in (2, 3, 4)]}
    assert reach.stretches([base(NOON, 2)], there, [Mark(NOON + minutes(5), "15-2", 3)], SIZE) == []


def test_a_base_backup_without_its_own_segments_reaches_nothing() -> None:
    assert reach.stretches([base(NOON, 2)], {"15-1": [name(3)]}, marks(3), SIZE) == []
    assert reach.stretches([base(NOON, 2)], {}, marks(3), SIZE) == []


def test_the_archive_goes_on_over_a_change_of_the_timeline() -> None:
    there = {"15-1": [name(2), name(3), name(3, 2), name(4, 2)]}
    [found] = reach.stretches([base(NOON, 2)], there, marks(2, 4), SIZE)
    assert found.last == NOON + minutes(10)


def test_the_newest_base_backup_that_reaches_a_moment_is_taken() -> None:
    one = Stretch(base(NOON, 2, "one"), NOON, NOON + minutes(60))
    two = Stretch(base(NOON + minutes(30), 4, "two"), NOON + minutes(30), NOON + minutes(60))
    assert reach.base_for(NOON + minutes(29), [one, two], ZONE).base.label == "one"
    assert reach.base_for(NOON + minutes(30), [one, two], ZONE).base.label == "two"
    # what overlaps is told as one range
    assert reach.ranges([one, two], ZONE).count("from") == 1


@pytest.mark.parametrize("away", [timedelta(seconds=-1), minutes(60) + timedelta(microseconds=1)])
def test_outside_is_refused_to_the_microsecond(away: timedelta) -> None:
    with pytest.raises(OutOfReach, match=r"cannot be restored. It can be from"):
        reach.base_for(NOON + away, [Stretch(base(NOON, 2), NOON, NOON + minutes(60))], ZONE)


def test_what_the_ranges_say_can_be_typed() -> None:
    odd = timedelta(microseconds=700_000)
    known = [Stretch(base(NOON, 2), NOON + odd, NOON + minutes(5) + odd)]
    said = reach.ranges(known, ZONE)
    for text in (said.split("from ")[1].split(" to ")[0], said.split(" to ")[1].split(" (")[0]):
        moment = reach.asked(text, ZONE)
        assert moment is not None
        assert reach.base_for(moment, known, ZONE)


def test_nothing_yet() -> None:
    with pytest.raises(OutOfReach, match="there is no base backup with its WAL yet"):
        reach.base_for(NOON, [], ZONE)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-27 12:00:10", "2026-11-27T15:00:10+00:00"),
        (" 2026-11-27T12:00 ", "2026-11-27T15:00:00+00:00"),
        ("2026-11-27 12:00:10.25", "2026-11-27T15:00:10.250000+00:00"),
        ("2026-07-01 12:00:00", "2026-07-01T16:00:00+00:00"),  # winter
        ("2026-11-27 12:00:10+01:00", "2026-11-27T11:00:10+00:00"),
        ("2026-04-04 23:30:00", "2026-04-05T02:30:00+00:00"),  # twice that night: the first
        ("2026-04-04 23:30:00-04:00", "2026-04-05T03:30:00+00:00"),
    ],
)
def test_a_moment_is_read_in_chiles_time(text: str, utc: str) -> None:
    found = reach.asked(text, ZONE)
    assert found is not None
    assert found.isoformat() == utc


@pytest.mark.parametrize("text", ["ayer", "14:32:10", "2026-11-27", "27-11-2026 14:32:10", "2026-11-31 10:00:00", "0"])
def test_what_is_no_moment_says_how_one_is_written(text: str) -> None:
    with pytest.raises(InputError, match=r'is no moment. Write it as "2026-11-27 14:32:10" \(America/Santiago\)'):
        reach.asked(text, ZONE)


def test_an_hour_that_the_clocks_skipped_is_none() -> None:
    with pytest.raises(InputError, match="never was in America/Santiago"):
        reach.asked("2026-09-06 00:30:00", ZONE)


@pytest.mark.parametrize("text", ["último", "Último", "ultimo", "latest"])
def test_the_latest(text: str) -> None:
    assert reach.asked(text, ZONE) is None


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (minutes(7), ["ten", "five"]),
        (minutes(5), ["five", "zero"]),  # exactly then: it holds all, and the one before what was removed meanwhile
        (minutes(12), ["ten"]),  # after the last
        (minutes(-1), ["zero"]),  # before the first
        (None, ["ten"]),
    ],
)
def test_the_snapshots_around_a_moment(moment: timedelta | None, expected: list[str]) -> None:
    snapshots = [FilesAt(n, NOON + minutes(m), "/f") for n, m in (("ten", 10), ("zero", 0), ("five", 5))]
    found = reach.around(None if moment is None else NOON + moment, snapshots)
    assert [each.snapshot for each in found] == expected


def test_no_snapshot_at_all() -> None:
    assert reach.around(NOON, []) == []
