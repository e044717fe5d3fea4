"""Every command line that exists while something runs: what `ps` would show to anybody on the machine."""

import threading
import time
from pathlib import Path
from typing import Self


class CommandLines:
    """Collects them, twenty times a second, between `with` and its end; `seen` may be read at any time."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self._over = threading.Event()

    def __enter__(self) -> Self:
        self._over.clear()
        self._watcher = threading.Thread(target=self._watch)
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watcher.join()

    def _watch(self) -> None:
        while not self._over.is_set():
            for entry in Path("/proc").iterdir():
                if entry.name.isdigit():
                    try:
                        self.seen.add((entry / "cmdline").read_text().replace("\0", " "))
                    except OSError:
                        continue
            time.sleep(0.05)
