"""Which month is closed, and which refused."""

from datetime import UTC, date, datetime

import pytest

from ofitec.errors import InputError
from ofitec.f29.period import Period, complete, resolve


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 9, 10, 10, 0, tzinfo=UTC), "2026-08"),
        (datetime(2026, 1, 5, 12, 0, tzinfo=UTC), "2025-12"),
        # 02:30 UTC on the first is still the last evening of the month before in Santiago
        (datetime(2026, 9, 1, 2, 30, tzinfo=UTC), "2026-07"),
        (datetime(2026, 9, 1, 4, 30, tzinfo=UTC), "2026-08"),
    ],
)
def test_default_is_the_month_before_in_santiago(now: datetime, expected: str) -> None:
    assert str(resolve(None, now)) == expected
    assert str(resolve("", now)) == expected


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-00", "2026-8", "08-2026", "agosto", "2026-08-01", "1999-01", "２０２６-08"]
)
def test_no_month_is_refused_with_the_text_and_the_way_to_write_it(text: str) -> None:
    with pytest.raises(InputError, match="AAAA-MM") as refused:
        Period.parse(text)
    assert text in str(refused.value)


def test_running_and_future_months_are_refused_with_the_last_month_that_can_be_closed() -> None:
    now = datetime(2026, 9, 10, 12, 0, tzinfo=UTC)
    with pytest.raises(InputError, match=r"2026-09 todavía no termina.*2026-08"):
        resolve("2026-09", now)
    with pytest.raises(InputError, match=r"2026-10 está en el futuro.*2026-08"):
        resolve("2026-10", now)
    assert str(resolve("2026-08", now)) == "2026-08"


@pytest.mark.parametrize(
    ("today", "last"), [(date(2026, 1, 1), "2025-12"), (date(2026, 2, 28), "2026-01"), (date(2026, 12, 31), "2026-11")]
)
def test_the_last_complete_months(today: date, last: str) -> None:
    assert [str(period) for period in complete(today, 1)] == [last]
    assert [str(period) for period in complete(date(2026, 2, 3), 3)] == ["2025-11", "2025-12", "2026-01"]


def test_months_before_and_after_cross_the_year() -> None:
    assert str(Period(2026, 1).before()) == "2025-12"
    assert str(Period(2026, 12).before(-1)) == "2027-01"
    assert str(Period(2026, 10).before(36)) == "2023-10"
