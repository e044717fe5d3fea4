"""Waiting for what a real part does in its own time."""

import time
from collections.abc import Callable
from typing import Any


def wait_until(true: Callable[[], Any], what: str, timeout: float = 90) -> float:
    """Seconds until it was true. Fails naming `what` after `timeout` seconds."""
    begun = time.monotonic()
    while not true():
        if time.monotonic() - begun > timeout:
            raise AssertionError(f"not within {timeout:.0f} s: {what}")
        time.sleep(0.2)
    return time.monotonic() - begun
