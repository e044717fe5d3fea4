"""The one function of the host program that starts other programs (docker). Secrets never pass through it."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ofitec.errors import PermanentError, TransientError


class ProgramFailed(PermanentError):
    """A program ended with a status other than 0; `last` holds the end of what it said."""

    def __init__(self, what: str, returncode: int, last: str) -> None:
        super().__init__(f"{what} failed (status {returncode}): {last or 'it said nothing'}")
        self.returncode = returncode
        self.last = last


class ProgramTimeout(TransientError):
    """A program was ended because it took too long."""


@dataclass(frozen=True)
class Output:
    """What a program said."""

    stdout: str
    stderr: str
    seconds: float


def run(
    argv: Sequence[str],
    *,
    what: str,
    timeout: float,
    env: Mapping[str, str] | None = None,
    stdin: str = "",
    cwd: Path | None = None,
    log: Path | None = None,
) -> Output:
    """Run a program to its end, in a process group of its own.

    :param what: how a person calls it, for the error
    :param timeout: seconds
    :param log: file that gets its standard error as it comes, for programs that talk long
    :raises ProgramFailed: on a status other than 0
    :raises ProgramTimeout: after `timeout`; its whole group was ended
    """
    begun = time.monotonic()
    with log.open("a") if log else open(os.devnull, "w") as sink:  # noqa: PTH123
        child = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=sink if log else subprocess.PIPE,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        try:
            out, err = child.communicate(stdin, timeout=timeout)
        except BaseException as error:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            if isinstance(error, subprocess.TimeoutExpired):
                raise ProgramTimeout(f"{what} did not end within {timeout:.0f} s and was stopped.") from None
            raise
    if log:
        err = "\n".join(log.read_text(errors="replace").splitlines()[-30:])
    if child.returncode != 0:
        raise ProgramFailed(what, child.returncode, _end(err or out))
    return Output(out, err or "", time.monotonic() - begun)


def _end(text: str, lines: int = 6, most: int = 900) -> str:
    kept = [line.strip() for line in text.strip().splitlines() if line.strip()][-lines:]
    return " | ".join(kept)[-most:]
