"""The one function that starts foreign programs (restic, pg_dump, pg_restore, odoo).

A program gets a clean environment (never Airflow's own, which holds connections), its secrets by environment only, and
a process group of its own. Its output is scrubbed before anybody sees it, its time is bounded, and whatever happens to
us (an error, Airflow's timeout, a kill) its whole group ends with us.
"""

import json
import logging
import os
import selectors
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote, quote_plus

from ofitec.errors import PermanentError, TransientError

log = logging.getLogger(__name__)

# What a program needs of ours. Everything else, AIRFLOW_CONN_* above all, stays with us.
_INHERITED = (
    "PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "SSH_AUTH_SOCK",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
)  # fmt: skip
_GRACE = 10.0  # seconds between TERM and KILL
_DRAIN = 2.0  # seconds a pipe may stay open after its program ended (a grandchild can hold it)
_HEAD, _TAIL = 20, 60  # lines of stderr that are kept: what began it, and the last words


class ProgramMissing(PermanentError):
    """The program is not installed where it is looked for."""


class ProgramTimeout(TransientError):
    """The program was ended because it took too long."""


class ProgramStalled(TransientError):
    """The program was ended because it made no progress."""


class ProgramStopped(TransientError):
    """The program was ended because what ran beside it failed: that says why."""


@dataclass(frozen=True)
class Finished:
    """How a program ended. `stdout` is empty if its lines went to `on_line`; `stderr` holds its first and last."""

    program: str
    returncode: int
    stdout: str
    stderr: str
    seconds: float


def run(
    argv: Sequence[str],
    *,
    timeout: float,
    env: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
    hide: Iterable[str] = (),
    stdin: bytes = b"",
    cwd: Path | None = None,
    stall: float | None = None,
    on_line: Callable[[str], bool] | None = None,
    grace: float = _GRACE,
    stop: threading.Event | None = None,
) -> Finished:
    """Run a program to its end and return how it ended; a non-zero exit is the caller's to judge.

    :param argv: the program and its arguments; never a secret, `/proc/*/cmdline` is public
    :param timeout: seconds before the whole group gets TERM, then KILL
    :param env: variables beside the inherited ones
    :param secrets: variables whose values are scrubbed from every line
    :param hide: further values to scrub, e.g. the password inside an address
    :param stall: seconds without progress before it is ended; progress is an `on_line` that returns True
    :param on_line: gets each line of stdout as it comes
    :param grace: seconds between TERM and KILL
    :param stop: once set, the program is ended
    :raises ProgramMissing: if it cannot be started
    :raises ProgramTimeout: after `timeout` seconds
    :raises ProgramStalled: after `stall` seconds without progress
    :raises ProgramStopped: when `stop` is set
    """
    program = Path(argv[0]).name
    scrub = scrubber([*(secrets or {}).values(), *hide])
    environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    environment.update(env or {}, **(secrets or {}))
    start = time.monotonic()
    if shutil.which(argv[0], path=environment.get("PATH")) is None:
        raise ProgramMissing(f"Program {argv[0]} is not installed. Install it, or name it in the settings.")
    with tempfile.TemporaryFile() as source:
        source.write(stdin)
        source.seek(0)
        process = subprocess.Popen(
            [*_die_with_us(), *argv],
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=cwd,
            start_new_session=True,
        )
    out: list[str] = []
    err = _Ends()
    clock = _Clock(program, start, timeout, stall, stop)

    def take(line: str) -> None:
        line = scrub(line)
        if on_line is None:
            out.append(line)
        elif on_line(line):
            clock.progressed()

    try:
        _pump(process, take, lambda line: err.append(scrub(line)), clock)
    except (ProgramTimeout, ProgramStalled) as error:
        _end(process, grace)
        raise type(error)(f"{error} Its last words: {' '.join(err.lines()).strip()[-400:] or 'none'}") from None
    finally:
        _end(process, grace)
    return Finished(program, process.returncode, "\n".join(out), "\n".join(err.lines()), time.monotonic() - start)


def scrubber(values: Iterable[str]) -> Callable[[str], str]:
    """A function that replaces each of the values, as it is or as JSON and URLs write it, by `***`."""
    forms = {form for v in values if v for form in (v, quote(v, safe=""), quote_plus(v), json.dumps(v)[1:-1])}
    ordered = sorted(forms, key=len, reverse=True)

    def scrub(text: str) -> str:
        for form in ordered:
            text = text.replace(form, "***")
        return text

    return scrub


class _Clock:
    """Says when a program has had its time."""

    def __init__(
        self, program: str, start: float, timeout: float, stall: float | None, stop: threading.Event | None
    ) -> None:
        self._program, self._timeout, self._stall, self._stop = program, timeout, stall, stop
        self._end = start + timeout
        self._moved = start

    def progressed(self) -> None:
        self._moved = time.monotonic()

    def check(self) -> None:
        if self._stop is not None and self._stop.is_set():
            raise ProgramStopped(f"{self._program} was stopped, because what ran beside it failed.")
        now = time.monotonic()
        if now > self._end:
            raise ProgramTimeout(f"{self._program} did not end within {self._timeout:.0f} s and was stopped.")
        if self._stall is not None and now - self._moved > self._stall:
            raise ProgramStalled(f"{self._program} made no progress for {self._stall:.0f} s and was stopped.")


def _pump(
    process: "subprocess.Popen[bytes]", out: Callable[[str], None], err: Callable[[str], None], clock: _Clock
) -> None:
    """Hand over lines until the program ended and its pipes are empty."""
    gone: float | None = None
    with selectors.DefaultSelector() as selector:
        for pipe, sink in ((process.stdout, out), (process.stderr, err)):
            assert pipe is not None
            os.set_blocking(pipe.fileno(), False)
            selector.register(pipe, selectors.EVENT_READ, _Lines(sink))
        while selector.get_map():
            for key, _ in selector.select(timeout=0.2):
                chunk = os.read(key.fd, 1 << 16)
                key.data.feed(chunk)
                if not chunk:
                    selector.unregister(key.fileobj)
            clock.check()
            if gone is None and _ended(process):
                gone = time.monotonic()
            if gone is not None and time.monotonic() - gone > _DRAIN:
                break
        while not _ended(process):
            clock.check()
            time.sleep(0.02)


class _Ends:
    """The first and the last lines of a stream: a program that fails ten thousand times says why at the beginning."""

    def __init__(self) -> None:
        self._head: list[str] = []
        self._tail: deque[str] = deque(maxlen=_TAIL)

    def append(self, line: str) -> None:
        """Take the next line."""
        if len(self._head) < _HEAD:
            self._head.append(line)
        else:
            self._tail.append(line)

    def lines(self) -> list[str]:
        """What is kept, in order."""
        return [*self._head, *self._tail]


class _Lines:
    """Cuts a stream of bytes into lines."""

    def __init__(self, sink: Callable[[str], None]) -> None:
        self._sink, self._rest = sink, b""

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes; none means the end."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if not chunk and self._rest:
            lines, self._rest = [self._rest], b""
        for line in lines:
            self._sink(line.decode(errors="replace"))


def _ended(process: "subprocess.Popen[bytes]") -> bool:
    """Whether the program ended, leaving it a zombie: so its group's id cannot become somebody else's."""
    if process.returncode is not None:
        return True
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _end(process: "subprocess.Popen[bytes]", grace: float) -> None:
    """End the whole group and reap its leader. Does nothing the second time."""
    if process.returncode is not None:
        return
    if not _ended(process):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        until = time.monotonic() + grace
        while not _ended(process) and time.monotonic() < until:
            time.sleep(0.02)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


@lru_cache(maxsize=1)
def _die_with_us() -> tuple[str, ...]:
    """A prefix that lets the kernel end the program when we are killed and cannot do it ourselves (Linux).

    KILL, because a restic that hangs on a dead S3 ignores TERM; the lock it leaves is removed by the next run.
    """
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "KILL", "--") if setpriv else ()
