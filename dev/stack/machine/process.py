"""Starts and ends programs for the local stack: the only module here that spawns.

`run` waits for a program's end. `Processes` starts servers, each in a session of its own with a log file, remembers pid
and start time in the stack's state, and ends only those. Secrets go in the environment or in files, never in argv.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from dev.stack.errors import StackError
from dev.stack.machine.paths import Place
from ofitec.whole_file import write_whole

# Inherited by everything a server starts, so that `stop` also finds grandchildren which left the session
# (Airflow's task processes do, and outlive a killed scheduler).
MARK = "OFITEC_STACK_PROCESS"

# Seconds a server has to end by itself before it is killed.
PATIENCE = 10.0


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log file, indented, for an error message."""
    try:
        text = log.read_text(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])


def as_user(user: str, argv: Sequence[str], needs: Path) -> list[str]:
    """`argv` run as `user` when we are root, else unchanged.

    A clone under /root is closed to other users: there the program keeps the one capability that lets it reach `needs`.
    """
    if os.geteuid() != 0:
        return list(argv)
    drop = ["setpriv", f"--reuid={user}", f"--regid={pwd.getpwnam(user).pw_gid}", "--clear-groups"]
    if not _reachable_by_others(needs):
        drop += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    return [*drop, *argv]


def _reachable_by_others(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)


def run(
    argv: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str | None = None,
    timeout: float = 900,
    what: str = "",
) -> str:
    """Runs a program to its end and returns its standard output; all output is also appended to `log`.

    Raises StackError naming `what` (default: the program), the exit status and the log's end. `timeout` in seconds.
    """
    name = what or Path(argv[0]).name
    if shutil.which(argv[0]) is None:
        raise StackError(f"{argv[0]} is not on this machine: install it and try again.")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        out.write(f"$ {' '.join(argv)}\n".encode())
        out.flush()
        begun = out.tell()
        child = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=out,
            env=dict(env) if env is not None else None,
            cwd=cwd,
            process_group=0,  # ended whole on a timeout, yet on the person's terminal: sudo remembers its ticket by it
        )
        try:
            stdout, _ = child.communicate(stdin.encode() if stdin is not None else None, timeout=timeout)
        except BaseException as error:
            _end_group(child.pid)
            child.wait()
            if isinstance(error, subprocess.TimeoutExpired):
                raise StackError(
                    f"{name} had not ended after {timeout:.0f} s and was stopped; its log is {log}."
                ) from None
            raise
        out.write(stdout)
    if child.returncode != 0:
        with log.open("rb") as written:
            written.seek(begun)
            last = written.read().decode(errors="replace").splitlines()[-15:]
        shown = "\n".join(f"    {line}" for line in last)
        raise StackError(f"{name} failed with status {child.returncode}; the end of its log ({log}):\n{shown}")
    return stdout.decode(errors="replace")


def ask_for_rights() -> bool:
    """Whether sudo will now work without asking; it asks for the password on the terminal when it must."""
    if subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0:
        return True
    return sys.stdin.isatty() and subprocess.run(["sudo", "-v"], check=False).returncode == 0


def _end_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


@dataclass(frozen=True)
class Record:
    """A server we started: `started` is the kernel's start time, so that a reused pid is never mistaken for ours."""

    name: str
    pid: int
    started: float
    mark: str
    fingerprint: str
    log: str
    stop_signal: int = signal.SIGTERM

    def alive(self) -> bool:
        try:
            process = psutil.Process(self.pid)
            return bool(process.create_time() == self.started and process.status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False


class Processes:
    """The servers of one stack, in the order they were started."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._file = place.dir / "processes.json"

    def records(self) -> list[Record]:
        try:
            return [Record(**entry) for entry in json.loads(self._file.read_text())]
        except FileNotFoundError:
            return []

    def _save(self, records: list[Record]) -> None:
        if records:
            write_whole(self._file, json.dumps([asdict(record) for record in records], indent=1))
        else:
            self._file.unlink(missing_ok=True)

    def find(self, name: str) -> Record | None:
        """The running server called `name`, or None."""
        return next((record for record in self.records() if record.name == name and record.alive()), None)

    def start(
        self,
        name: str,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path | None = None,
        depends_on: str = "",
        stop_signal: int = signal.SIGTERM,
    ) -> Record:
        """Starts server `name`, or keeps the running one when its argv, environment and `depends_on` are unchanged.

        `stop_signal` is the server's polite way to end (PostgreSQL: SIGINT ends at once, SIGTERM waits for clients).
        """
        # PATH differs from shell to shell (an activated venv) and changes nothing of what a server does.
        settings = sorted(item for item in env.items() if item[0] != "PATH")
        plan = json.dumps([list(argv), settings, str(cwd), depends_on])
        fingerprint = hashlib.sha256(plan.encode()).hexdigest()
        running = self.find(name)
        if running is not None and running.fingerprint == fingerprint:
            return running
        self.stop(name)
        log = self.place.logs / f"{name}.log"
        mark = f"{self.place.dir}:{name}:{os.getpid()}:{time.time_ns()}"
        with log.open("ab") as out:
            child = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**env, MARK: mark},
                cwd=cwd,
                start_new_session=True,
            )
        record = Record(
            name, child.pid, psutil.Process(child.pid).create_time(), mark, fingerprint, str(log), stop_signal
        )
        self._save([entry for entry in self.records() if entry.name != name] + [record])
        return record

    def wait(self, name: str, ready: Callable[[], bool], timeout: float) -> None:
        """Waits until `ready()`. Raises StackError with the log's end when the server died or `timeout` (s) passed."""
        deadline = time.monotonic() + timeout
        while not ready():
            record = self.find(name)
            if record is None:
                raise StackError(
                    f"{name} ended while starting; the end of its log:\n{tail(self.place.logs / f'{name}.log')}"
                )
            if time.monotonic() > deadline:
                raise StackError(
                    f"{name} did not answer within {timeout:.0f} s; the end of its log:\n{tail(Path(record.log))}"
                )
            time.sleep(0.2)

    def stop(self, name: str) -> None:
        """Ends server `name` and all it started: TERM, after PATIENCE seconds KILL. No-op when it is not running."""
        records = self.records()
        for record in records:
            if record.name == name:
                _end(record)
        self._save([record for record in records if record.name != name])

    def stop_all(self) -> list[str]:
        """Ends every server and returns the names of those that were running.

        The first one started (the database the others stand on) is ended last, the others together before it.
        """
        records = self.records()
        stopped = [record.name for record in records if record.alive()]
        with ThreadPoolExecutor() as pool:
            list(pool.map(_end, records[1:]))
        for record in records[:1]:
            _end(record)
        self._save([])
        return stopped


def _family(record: Record) -> list[psutil.Process]:
    """Every living process that carries the record's mark or belongs to its session, the recorded one first.

    A program that sets its title (Airflow's workers) wipes the mark. It is known by its session; once the leader is
    dead and its number could be another's, by its working folder too.
    """
    place = Path(record.log).parent.parent
    leader_alive = record.alive()
    family: list[psutil.Process] = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid == record.pid:
                if leader_alive:
                    family.insert(0, process)
            elif process.environ().get(MARK) == record.mark or (
                os.getsid(process.pid) == record.pid
                and (leader_alive or Path(process.cwd()).is_relative_to(place.resolve()))
            ):
                family.append(process)
    return family


def _end(record: Record, patience: float = PATIENCE) -> None:
    family = _family(record)
    if family and family[0].pid == record.pid:
        # The server alone gets the polite signal first: a PostgreSQL or Airflow parent ends its own children in order.
        family[0].send_signal(record.stop_signal)
        _wait(family[:1], patience)
    left = [process for process in {*family, *_family(record)} if not _ended(process)]
    for send in (psutil.Process.terminate, psutil.Process.kill):
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                send(process)
        left = _wait(left, 5)


def _ended(process: psutil.Process) -> bool:
    """Gone, or a zombie that its new parent has not collected yet."""
    try:
        return not process.is_running() or bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def _wait(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Waits until all have ended, at most `seconds`, and returns those that have not."""
    deadline = time.monotonic() + seconds
    while (left := [process for process in processes if not _ended(process)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left
