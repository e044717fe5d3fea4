"""Python environments of their own, each made once from a lock file with hashes."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from dev.stack.machine import process, progress
from dev.stack.machine.paths import CACHE, cache_lock


def python_with(lock: Path, name: str, what: str) -> Path:
    """The Python of an environment that holds what ``lock`` names; made when the lock or our Python has changed.

    :param name: begins the environment's folder below the cache
    :param what: for the progress on the terminal
    """
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:10]
    folder = CACHE / "venvs" / f"{name}-py{version}-{digest}"
    python = folder / "bin" / "python"
    with cache_lock(f"{name}-venv"):
        if not (folder / ".complete").exists():
            with progress.step(f"{what}: Python {version} environment"):
                log = CACHE / "venvs" / f"{name}.log"
                uv = [sys.executable, "-m", "uv"]
                process.run([*uv, "venv", "-q", "--clear", "--python", sys.executable, str(folder)], log=log)
                install = [*uv, "pip", "install", "-q", "--python", str(python), "--require-hashes", "-r", str(lock)]
                process.run(install, log=log, what=f"installing {what}'s Python packages")
                (folder / ".complete").touch()
    return python
