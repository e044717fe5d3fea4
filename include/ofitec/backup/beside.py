"""Two things at once: one in a thread of its own beside what the caller does. Whichever fails ends the other."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from ofitec.process import ProgramStopped

_T = TypeVar("_T")


@contextmanager
def beside(action: Callable[[], _T], stop: threading.Event) -> Iterator["Future[_T]"]:
    """Run an action while the block runs; left when both have ended, and with the error of the one that failed first.

    :param stop: set when one of them fails, or a signal ends the block: both give it to the programs they start
    """

    def watched() -> _T:
        try:
            return action()
        except BaseException:
            stop.set()
            raise

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="beside") as pool:
        running = pool.submit(watched)
        try:
            yield running
            running.result()
        except ProgramStopped:
            running.result()  # if it failed, that is why the block was stopped
            raise
        except BaseException:
            stop.set()
            raise
