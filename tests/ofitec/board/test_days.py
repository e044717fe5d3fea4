"""RPO and RTO of each day, from the proofs."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from ofitec.board.days import Day, daily
from ofitec.ledger.backup_history import Proof

SANTIAGO = ZoneInfo("America/Santiago")
NOON = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)  # 12:00 in Santiago
HOUR = 3600.0


def passed(snapshot_at: datetime, rto: float | None = 600) -> Proof:
    """A proof that ended an hour after the moment of its data."""
    return Proof("production", "r", "passed", snapshot_at, snapshot_at + timedelta(hours=1), {}, rto, 1, 1, 1, True, [])


def test_a_night_each_day_costs_at_most_25_hours_just_before_the_next_proof() -> None:
    nights = [passed(NOON.replace(hour=5) - timedelta(days=age)) for age in (3, 2, 1, 0)]
    days = daily(nights, NOON, SANTIAGO, 3)
    assert days == [Day(date(2026, 11, day), 25 * HOUR, 600) for day in (22, 23, 24)]


def test_a_missing_night_lets_the_age_grow_to_the_next_proof() -> None:
    nights = [passed(NOON.replace(hour=5) - timedelta(days=age)) for age in (3, 0)]
    found = {day.day.day: (day.rpo, day.rto) for day in daily(nights, NOON, SANTIAGO, 3)}
    # the 22nd and 23rd end at 03:00 UTC of the next day
    assert found == {22: (46 * HOUR, None), 23: (70 * HOUR, None), 24: (73 * HOUR, 600)}


def test_before_the_first_proof_nothing_is_known() -> None:
    assert daily([], NOON, SANTIAGO, 2) == [Day(date(2026, 11, 23), None, None), Day(date(2026, 11, 24), None, None)]


def test_a_late_proof_of_older_data_does_not_make_the_data_older() -> None:
    newer, older = passed(NOON - timedelta(hours=5)), passed(NOON - timedelta(hours=30))
    late = Proof(**{**older.__dict__, "finished_at": NOON - timedelta(hours=1)})
    [today] = daily([newer, late], NOON, SANTIAGO, 1)
    assert today.rpo == 5 * HOUR


def test_the_day_of_the_clock_change_is_a_day() -> None:
    after = datetime(2026, 9, 6, 15, 0, tzinfo=UTC)  # Santiago goes from 24:00 to 01:00
    assert [day.day for day in daily([], after, SANTIAGO, 2)] == [date(2026, 9, 5), date(2026, 9, 6)]
