"""What the server's own words come to."""

from datetime import UTC, datetime

import pytest

from ofitec.continuous.source import _archiving

NOW = datetime(2026, 11, 27, 14, 32, tzinfo=UTC)


@pytest.mark.parametrize(
    ("archived", "waiting"),
    [
        ("000000020000000000000003", 0x10),
        ("000000020000000000000003.00000028.backup", 0x10),
        ("00000002.history", 0),
        (None, 0),
    ],
)
def test_what_waits_is_counted_from_the_newest_segment(archived: str | None, waiting: int) -> None:
    segment = "000000020000000000000004"
    state = ("0/4000010", segment, True, 16 << 20, 7, archived, NOW if archived else None, None, None)
    found = _archiving(NOW, state, switched=False)
    assert (found.waiting, found.mark, found.failing) == (waiting, segment, None)
