"""The one command that a key of Airflow's may run on Odoo's host: the host program's verbs, and nothing else.

sshd starts it in place of whatever was asked for, by a line of authorized_keys:

    restrict,command="PYTHONPATH=/opt/ofitec/include python3 -m ofitec.deploy.gate --home /opt/ofitec" KEY

It reads what was asked for (SSH_ORIGINAL_COMMAND), refuses all but what Airflow asks, and never reads what was sent:
the program is made of the host's own clone. Airflow's must be the same, byte for byte, else it says so. Standard
library only.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ofitec.deploy import bundle
from ofitec.errors import InputError, OfitecError, PermanentError

# what a run asks, with the options that it gives; a person's decisions (what `recover` may discard) are a person's
VERBS: dict[str, tuple[str, ...] | None] = {
    "status": (),
    "plan": None,
    "plan-rollback": None,
    "plan-workers": None,
    "workers": (),
    "rehearse": ("--run",),
    "apply": ("--run",),
    "recover": (),
    "unlock": ("--run",),
}  # None: whatever the verb itself takes
_LOOKS = (["python3", "--version"], ["docker", "--version"])  # `airflow ofitec doctor`
_SHOWN = 200  # characters of a refused command


class Refused(PermanentError):
    """Not among what this key may do."""


def main(argv: Sequence[str]) -> int:
    """Do what was asked for, if it may be; returns the exit status."""
    parser = argparse.ArgumentParser(prog="ofitec-gate", description=str(__doc__).split("\n", 1)[0])
    parser.add_argument("--home", required=True, help="the installation's folder, the only one this key may handle")
    home = str(Path(parser.parse_args(argv).home))
    asked = os.environ.get("SSH_ORIGINAL_COMMAND", "")
    try:
        return _do(_words(asked), home)
    except OfitecError as error:
        sys.stderr.write(f"{error}\n")
        sys.stdout.write(json.dumps({"error": str(error), "kind": type(error).__name__}) + "\n")
        return 1


def _words(asked: str) -> list[str]:
    try:
        words = shlex.split(asked)
    except ValueError:
        words = []
    if not words:
        raise Refused("This key runs the host program's verbs and opens no shell.")
    return words


def _do(words: list[str], home: str) -> int:
    ours = bundle.build()
    program = Path(home) / "state" / "bin" / bundle.name(ours)
    if words == ["test", "-w", home] or words in _LOOKS:
        return subprocess.run(words, check=False).returncode
    if _puts(words):
        _require_same(words[4], program)
        return 0
    if words[:1] == ["python3"] and words[2:4] == ["--home", home] and len(words) > 4:
        _require_same(words[1], program)
        _require_verb(words[4:])
        _keep(program, ours)
        # a file of its own: a run goes on with it, detached, while the clone may change
        return subprocess.run([sys.executable, str(program), *words[2:]], check=False).returncode
    raise _refusal(words)


def _puts(words: list[str]) -> bool:
    """Whether Airflow brings its program (`ofitec.deploy.remote`)."""
    return words[:2] == ["sh", "-c"] and len(words) == 6 and words[3] == "put"


def _require_same(theirs: str, ours: Path) -> None:
    """:raises InputError: if Airflow's program is another than the one of this host's clone"""
    if theirs != str(ours):
        raise InputError(
            f"Airflow brings {Path(theirs).name} and this host has {ours.name}: its key may run the host's own program "
            "only. Bring the clone on the host to the release of Airflow's package (or OFITEC_HOST_HOME to the folder "
            "of this host), and try again."
        )


def _require_verb(args: list[str]) -> None:
    verb, *options = args
    allowed = VERBS.get(verb, ())
    if verb not in VERBS or (allowed is not None and any(each.partition("=")[0] not in allowed for each in options)):
        raise _refusal(args)


def _keep(program: Path, content: bytes) -> None:
    """Have the program there, whole or not at all; its name holds its hash."""
    if program.exists() and program.read_bytes() == content:
        return
    program.parent.mkdir(parents=True, exist_ok=True)
    whole = program.with_name(f"{program.name}.{os.getpid()}")
    whole.write_bytes(content)
    whole.replace(program)


def _refusal(words: Sequence[str]) -> Refused:
    return Refused(f"This key may not run {shlex.join(words)[:_SHOWN]!r}. It runs: {', '.join(VERBS)}.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
