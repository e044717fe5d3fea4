"""Which month is closed, and which refused."""

from datetime import UTC, datetime

import pytest

from ofitec.errors import InputError
from ofitec.f29.period import Period, resolve


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
    with pytest.raises(InputError, match="YYYY-MM") as refused:
        Period.parse(text)
    assert text in str(refused.value)


def test_running_and_future_months_are_refused_with_the_last_month_that_can_be_closed() -> None:
    now = datetime(2026, 9, 10, 12, 0, tzinfo=UTC)
    with pytest.raises(InputError, match=r"2026-09 is still running.*2026-08"):
        resolve("2026-09", now)
    with pytest.raises(InputError, match=r"2026-10 is in the future.*2026-08"):
        resolve("2026-10", now)
    assert str(resolve("2026-08", now)) == "2026-08"
