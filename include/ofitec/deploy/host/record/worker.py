"""Which process carries a run out, so that nobody settles a run that is under way."""

import os
from pathlib import Path

from ofitec.deploy.host.record.home import Home


def mark(home: Home, run: str) -> None:
    """Say that this process carries out a run."""
    pid = os.getpid()
    _file(home).write_text(f"{run} {pid} {_start(pid)}")


def alive(home: Home, run: str) -> bool:
    """Whether another process carries this run out."""
    try:
        owner, pid, start = _file(home).read_text().split()
    except (FileNotFoundError, ValueError):
        return False
    if int(pid) == os.getpid():
        return False
    return owner == run and _start(int(pid)) == start


def _file(home: Home) -> Path:
    """ "run pid start-time"."""
    return home.state / "process"


def _start(pid: int) -> str:
    """The kernel's start time of a process, so that a reused pid is not mistaken for ours; "" if there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (FileNotFoundError, ProcessLookupError):
        return ""
