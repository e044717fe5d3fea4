import dataclasses
import os
import sys
import time
from pathlib import Path

import psutil
import pytest

from dev.stack.errors import StackError
from dev.stack.machine import paths, process
from dev.stack.machine.process import Processes

ENV = {"PATH": os.environ["PATH"]}
SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
# Starts a child that leaves the session, as Airflow's task processes do, and tells its pid.
RUNAWAY = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
print(child.pid, flush=True)
time.sleep(60)
"""

# Starts a child that wipes its environment by a long title, as Airflow's workers do.
TITLED = """
import os, time
child = os.fork()
if child == 0:
    import setproctitle
    setproctitle.setproctitle("worker " * 1000)
    time.sleep(60)
print(child, flush=True)
time.sleep(60)
"""


@pytest.fixture
def processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Processes:
    monkeypatch.setattr(paths, "LOCAL", tmp_path)
    monkeypatch.setattr(paths, "CACHE", tmp_path / "cache")
    place = paths.Place("demo")
    place.make()
    return Processes(place)


def test_a_failed_program_is_named_with_its_status_and_last_words(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", "import sys; print('no such table', file=sys.stderr); sys.exit(7)"]
    with pytest.raises(StackError, match=r"the migration failed with status 7(?s:.*)no such table"):
        process.run(argv, log=tmp_path / "log", what="the migration")


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="no-such-program is not on this machine: install it"):
        process.run(["no-such-program"], log=tmp_path / "log")


def test_a_program_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    script = "import subprocess, sys; c = subprocess.Popen(['sleep', '60']); print(c.pid, file=sys.stderr); c.wait()"
    with pytest.raises(StackError, match="had not ended after 1 s"):
        process.run([sys.executable, "-uc", script], log=tmp_path / "log", timeout=1)
    assert ended(int((tmp_path / "log").read_text().splitlines()[-1]))


def test_a_server_is_kept_while_nothing_changed_and_restarted_when_it_did(processes: Processes) -> None:
    first = processes.start("sleeper", SLEEP, env=ENV)
    assert processes.start("sleeper", SLEEP, env=ENV).pid == first.pid
    second = processes.start("sleeper", SLEEP, env={**ENV, "LANG": "C"})
    assert second.pid != first.pid
    assert ended(first.pid)
    assert processes.stop_all() == ["sleeper"]
    assert ended(second.pid)


def test_a_grandchild_that_left_the_session_is_ended_too(processes: Processes) -> None:
    record = processes.start("parent", [sys.executable, "-c", RUNAWAY], env=ENV)
    log = Path(record.log)
    processes.wait("parent", lambda: log.read_text().strip().isdigit(), timeout=10)
    grandchild = int(log.read_text())
    assert os.getsid(grandchild) != os.getsid(record.pid)
    processes.stop("parent")
    assert ended(record.pid)
    assert ended(grandchild)


def test_a_worker_that_wiped_its_environment_is_ended_though_its_server_was_killed(processes: Processes) -> None:
    record = processes.start("titled", [sys.executable, "-c", TITLED], env=ENV, cwd=processes.place.dir)
    processes.wait("titled", lambda: bool(Path(record.log).read_text()), timeout=10)
    worker = psutil.Process(int(Path(record.log).read_text()))
    wiped = time.monotonic() + 10
    while process.MARK in worker.environ() and time.monotonic() < wiped:
        time.sleep(0.05)
    psutil.Process(record.pid).kill()
    assert ended(record.pid)
    processes.stop("titled")
    assert ended(worker.pid)


def test_a_process_that_merely_has_the_recorded_pid_is_left_alone(processes: Processes) -> None:
    record = processes.start("sleeper", SLEEP, env=ENV)
    stranger = dataclasses.replace(record, started=record.started - 100, mark="of somebody else")
    processes._save([stranger])
    assert processes.stop_all() == []
    assert not ended(record.pid)
    processes._save([record])
    assert processes.stop_all() == ["sleeper"]


def test_a_server_that_dies_while_starting_shows_its_log(processes: Processes) -> None:
    processes.start("broken", [sys.executable, "-c", "raise SystemExit('bad config')"], env=ENV)
    with pytest.raises(StackError, match=r"broken ended while starting(?s:.*)bad config"):
        processes.wait("broken", lambda: False, timeout=10)


def test_a_clone_closed_to_others_keeps_the_server_able_to_reach_its_data(tmp_path: Path) -> None:
    closed = tmp_path / "root-home"
    closed.mkdir(mode=0o700)
    if os.geteuid() == 0:
        assert "--ambient-caps=+dac_override" in process.as_user("nobody", ["true"], closed / "data")
    else:
        assert process.as_user("nobody", ["true"], closed / "data") == ["true"]


def ended(pid: int) -> bool:
    """Whether the process ends within two seconds (a zombie has ended)."""
    for _ in range(40):
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False
