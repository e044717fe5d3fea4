"""Names of WAL segments as numbers. Pure.

A name is 24 hexadecimal digits: timeline, and the segment's number in two parts (PostgreSQL's xlog_internal.h). A new
timeline goes on with the number of the old one's last segment, so a number says how far the archive goes on any.
"""

import re
from collections.abc import Collection

_NAME = re.compile(r"[0-9A-F]{24}")


def is_segment(name: str) -> bool:
    """Whether it is the name of a segment: a timeline's history has another."""
    return _NAME.fullmatch(name) is not None


def number(name: str, size: int) -> int:
    """The segment's number.

    :param size: bytes of a segment (PostgreSQL's wal_segment_size)
    """
    if not is_segment(name):
        raise ValueError(f"{name!r} is no WAL segment")
    return int(name[8:16], 16) * (0x1_0000_0000 // size) + int(name[16:], 16)


def position(lsn: str) -> int:
    """Bytes of WAL before a position as PostgreSQL writes it, e.g. "0/4000AF0"."""
    high, _, low = lsn.partition("/")
    return (int(high, 16) << 32) + int(low, 16)


def end(present: Collection[int], first: int) -> int:
    """The last number up to which none is missing from the first on; the one before the first if that is missing."""
    number = first
    while number in present:
        number += 1
    return number - 1


def missing(present: Collection[int], first: int) -> int:
    """How many are missing from the first to the greatest that is present."""
    later = [number for number in present if number >= first]
    return max(later, default=first - 1) - first + 1 - len(later)
