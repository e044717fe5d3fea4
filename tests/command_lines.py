"""Every command line that exists while something runs: what `ps` would show to anybody on the machine."""

import os
import threading
import time
from contextlib import suppress
from typing import Self

_YOUNG, _SELDOM = 40, 20  # looks: two seconds, one second


class CommandLines:
    """Collects them, twenty times a second, between `with` and its end; `seen` may be read at any time.

    A process that has run for a while is read once a second: few change their command line, and looking costs.
    """

    def __init__(self) -> None:
        self._raw: set[bytes] = set()
        self._over = threading.Event()

    @property
    def seen(self) -> set[str]:
        return {line.replace(b"\0", b" ").decode(errors="replace") for line in self._raw.copy()}

    def __enter__(self) -> Self:
        self._over.clear()
        self._watcher = threading.Thread(target=self._watch)
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watcher.join()

    def _watch(self) -> None:
        looks: dict[str, int] = {}
        while not self._over.is_set():
            # without pathlib: it costs a third, and this runs beside everything
            running = list(filter(str.isdigit, os.listdir("/proc")))  # noqa: PTH208
            looks = {pid: looks.get(pid, 0) + 1 for pid in running}
            for pid in running:
                if looks[pid] > _YOUNG and looks[pid] % _SELDOM:
                    continue
                with suppress(OSError), open(f"/proc/{pid}/cmdline", "rb", buffering=0) as line:  # noqa: PTH123
                    self._raw.add(line.read())
            time.sleep(0.05)
