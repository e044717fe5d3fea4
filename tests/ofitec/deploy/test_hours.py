"""When a deploy may begin: at night in Santiago, in time to end, whatever the clocks do."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ofitec.deploy.hours import Hours
from ofitec.errors import InputError

ZONE = ZoneInfo("America/Santiago")
NIGHT = Hours.parse("22:00-06:00", ZONE)
TEN = timedelta(minutes=10)


def santiago(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("asked", "begins"),
    [
        ("2026-11-24T18:00", "2026-11-24T22:00"),  # approved in the evening: waits
        ("2026-11-24T22:30", "2026-11-24T22:30"),
        ("2026-11-25T03:00", "2026-11-25T03:00"),  # yesterday's night goes on
        ("2026-11-25T05:50", "2026-11-25T05:50"),
        ("2026-11-25T05:51", "2026-11-25T22:00"),  # would not end in time
        ("2026-11-25T06:00", "2026-11-25T22:00"),
    ],
)
def test_it_waits_for_the_night_and_ends_with_it(asked: str, begins: str) -> None:
    assert NIGHT.opening(santiago(asked), TEN) == santiago(begins)


def test_hours_of_one_day() -> None:
    lunch = Hours.parse("13:00-14:00", ZONE)
    assert lunch.opening(santiago("2026-11-24T13:55"), TEN) == santiago("2026-11-25T13:00")
    assert str(lunch) == "13:00-14:00"


def test_a_span_too_short_for_the_maintenance_is_refused() -> None:
    with pytest.raises(InputError, match="más corto que los 90 minutos"):
        Hours.parse("13:00-14:00", ZONE).opening(santiago("2026-11-24T12:00"), timedelta(minutes=90))


@pytest.mark.parametrize("wrong", ["22-6", "25:00-06:00", "22:00-22:00", "de noche", "22:00-06:00 Chile"])
def test_what_is_no_span_is_answered_with_a_sentence(wrong: str) -> None:
    with pytest.raises(InputError, match="Escríbalo como 22:00-06:00"):
        Hours.parse(wrong, ZONE)


# from before the clocks go back to after they go forward, in minutes
@given(st.integers(0, 164 * 24 * 60), st.integers(1, 240))
def test_it_always_begins_within_the_hours_and_ends_within_them(minute: int, minutes: int) -> None:
    asked = datetime(2026, 3, 30, tzinfo=UTC) + timedelta(minutes=minute)
    need = timedelta(minutes=minutes)
    begins = NIGHT.opening(asked, need)
    assert begins >= asked
    for at in (begins, begins + need):
        local = at.astimezone(ZONE)
        assert local.hour >= 22 or local.hour < 6 or (local.hour, local.minute, local.second) == (6, 0, 0)
    assert begins - asked < timedelta(hours=26)
