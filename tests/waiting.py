"""Waiting for what a real part does in its own time."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def wait_until(true: Callable[[], Any], what: str, timeout: float = 90) -> float:
    """Seconds until it was true. Fails naming `what` after `timeout` seconds."""
    begun = time.monotonic()
    while not true():
        if time.monotonic() - begun > timeout:
            raise AssertionError(f"not within {timeout:.0f} s: {what}")
        time.sleep(0.2)
    return time.monotonic() - begun


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"
    except OSError:
        return False


def wait_gone(pid: int, seconds: float = 5) -> bool:
    """Whether the process had ended after so many seconds."""
    until = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.05)
    return not alive(pid)
