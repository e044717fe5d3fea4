"""The spawn function: secrets, time limits, and that nothing survives."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ofitec import process
from ofitec.process import ProgramMissing, ProgramStalled, ProgramStopped, ProgramTimeout, run
from tests.waiting import wait_gone

SECRET = "clave&con/signos=1"


@pytest.mark.parametrize("form", ["$K", "x" + "clave%26con%2Fsignos%3D1", 'user:$K@host "$K"'])
def test_secret_never_shows_in_what_a_program_says(form: str) -> None:
    done = run(["sh", "-c", f'echo "{form}"; echo "{form}" >&2; exit 4'], timeout=10, secrets={"K": SECRET})
    assert done.returncode == 4
    assert "***" in done.stdout
    assert "***" in done.stderr
    assert "clave" not in done.stdout + done.stderr


def test_program_does_not_get_airflows_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_ODOO_DB", "postgres://u:secreta@h/d")
    output = run(["env"], timeout=10, env={"A": "1"}).stdout
    assert "A=1" in output.splitlines()
    assert "AIRFLOW" not in output


def test_timeout_ends_the_whole_group(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    script = f"trap '' TERM; (trap '' TERM; echo $BASHPID > {pid}; sleep 60) & echo hola >&2; wait"
    with pytest.raises(ProgramTimeout, match=r"bash did not end within 1 s.*hola"):
        run(["bash", "-c", script], timeout=1, grace=0.3)
    assert wait_gone(int(pid.read_text()))


def test_stall_is_seen_although_lines_keep_coming() -> None:
    start = time.monotonic()
    with pytest.raises(ProgramStalled, match="no progress for 1 s"):
        run(
            ["bash", "-c", "echo 5; while sleep 0.1; do echo same; done"],
            timeout=30,
            stall=1,
            on_line=lambda line: line.isdigit(),
        )
    assert time.monotonic() - start < 6


def test_what_is_told_to_stop_ends_with_its_whole_group(tmp_path: Path) -> None:
    pid, stop = tmp_path / "pid", threading.Event()

    def seen(line: str) -> bool:
        stop.set()
        return True

    script = f"sleep 600 & echo $! > {pid}; echo begun; wait"
    with pytest.raises(ProgramStopped, match="bash was stopped, because what ran beside it failed"):
        run(["bash", "-c", script], timeout=600, on_line=seen, stop=stop)
    assert wait_gone(int(pid.read_text()))


def test_grandchild_that_holds_the_pipe_is_ended(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    done = run(["bash", "-c", f"sleep 60 & echo $! > {pid}; echo listo"], timeout=30)
    assert done.stdout == "listo"
    assert wait_gone(int(pid.read_text()))


def test_missing_program_is_named() -> None:
    with pytest.raises(ProgramMissing, match="Program restoc is not installed"):
        run(["restoc"], timeout=5)


def test_long_lines_and_stdin() -> None:
    content = b"x" * 3_000_000 + b"\nend"
    assert run(["cat"], timeout=20, stdin=content).stdout.encode() == content


def test_programs_die_with_a_killed_worker(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    code = f"from ofitec.process import run; run(['sh', '-c', 'echo $$ > {pid}; exec sleep 60'], timeout=60)"
    include = str(Path(process.__file__).parents[1])
    worker = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": include})
    until = time.monotonic() + 20
    while not (pid.exists() and pid.read_text()) and time.monotonic() < until:
        time.sleep(0.05)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    assert wait_gone(int(pid.read_text()))
