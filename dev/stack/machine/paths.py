"""Where the local stack keeps its things. Everything it makes lies under `.local/` of the working copy."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dev.stack.errors import StackError
from dev.stack.machine import progress

ROOT = Path(__file__).resolve().parents[3]
LOCAL = ROOT / ".local"
CACHE = LOCAL / "cache"

# Debian's Odoo unpacks to 1.2 GB, the two Python environments take 1 GB, templates and logs the rest.
DISK_NEEDED = 5 * 1024**3


@dataclass(frozen=True)
class Place:
    """One independent stack: `demo` (kept until `make down`) or `test` (the test suite's own)."""

    name: str

    @property
    def dir(self) -> Path:
        return LOCAL / self.name

    @property
    def logs(self) -> Path:
        return self.dir / "logs"

    def make(self) -> None:
        for folder in (CACHE, self.dir, self.logs):
            folder.mkdir(parents=True, exist_ok=True)
        # PostgreSQL's user passes through here to its data; what is secret lies in files of mode 0600.
        self.dir.chmod(0o711)
        # The logs of real servers can quote data of the company: nobody else on the machine reads them.
        self.logs.chmod(0o700)


def require_disk(needed: int = DISK_NEEDED) -> None:
    """Raises StackError when the disk that holds `.local/` has fewer than `needed` bytes free."""
    LOCAL.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(LOCAL).free
    if free < needed:
        raise StackError(
            f"{LOCAL} has {free / 1024**3:.1f} GB free and the first start needs {needed / 1024**3:.0f} GB: "
            "free some disk, or clone the project on a larger one."
        )


@contextmanager
def cache_lock(name: str) -> Iterator[None]:
    """One maker at a time of the shared part `name`: a demo and a test run may start together on an empty cache."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f".{name}.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with progress.step(f"waiting for another run, which makes {name}"):
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield
