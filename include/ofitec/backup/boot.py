"""Runs the Odoo of the backup's series on a restored copy: neutralised, without cron, without HTTP, without network."""

import json
import logging
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ofitec.backup.scratch import Scratch
from ofitec.errors import PermanentError
from ofitec.process import Finished, run

log = logging.getLogger(__name__)

_READ_BACK = Path(__file__).with_name("odoo_shell") / "read_back.py"
_MARK = "OFITEC-READ-BACK "
# requests and urllib go to a port where nobody listens
_OFFLINE = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")


class BootFailed(PermanentError):
    """Odoo did not run on the copy: the copy, or the Odoo that the settings name, is wrong."""


def split_command(command: str) -> tuple[list[str], list[str]]:
    """The program and its options: "python odoo-bin --addons-path=/a" gives both parts, a subcommand goes between."""
    words = shlex.split(command)
    first = next((i for i, word in enumerate(words) if i and word.startswith("-")), len(words))
    return words[:first], words[first:]


def neutralise(command: str, copy: Scratch, *, timeout: float = 900) -> None:
    """Let Odoo switch off mail, payments, cron jobs and other contacts with the world in a copy.

    :raises BootFailed: if it does not
    """
    done = _odoo(command, copy, ["neutralize"], timeout=timeout)
    if done.returncode:
        raise BootFailed(f"Odoo could not neutralise {copy.database.name}: {_words(done)}")


def require_series(command: str, series: str) -> None:
    """Make sure that the settings' Odoo is of the backup's series.

    :raises BootFailed: if not
    """
    program, _ = split_command(command)
    version = run([*program, "--version"], timeout=120).stdout
    found = re.search(r"(\d+\.\d+)", version)
    if found is None or found[1] != series:
        raise BootFailed(
            f"The backup is of Odoo {series}, but OFITEC_ODOO_COMMAND runs {version.strip()[:60] or 'nothing'}."
        )


def read_back(command: str, copy: Scratch, *, timeout: float = 900) -> dict[str, Any]:
    """Load the registry on the copy and read through the ORM; returns what Odoo says of itself.

    :return: {"modules": n, "companies": [...], "users": n, "attachments": n read, "bad": [names], "neutralized": bool}
    :raises BootFailed: if it does not run, is not neutralised, or reads an attachment wrong
    """
    done = _odoo(command, copy, ["shell"], timeout=timeout, stdin=_READ_BACK.read_bytes())
    line = next((line for line in done.stdout.splitlines() if line.startswith(_MARK)), None)
    if done.returncode or line is None:
        raise BootFailed(f"Odoo did not run on {copy.database.name} (exit {done.returncode}): {_words(done)}")
    answer: dict[str, Any] = json.loads(line.removeprefix(_MARK))
    if answer["bad"]:
        raise BootFailed(f"Odoo read {len(answer['bad'])} attachments wrong: {', '.join(answer['bad'][:3])}.")
    if not answer["neutralized"]:
        raise BootFailed(f"Odoo says that {copy.database.name} is not neutralised.")
    log.info("Odoo on the copy: %s", answer)
    return answer


def _odoo(command: str, copy: Scratch, verb: Sequence[str], *, timeout: float, stdin: bytes = b"") -> Finished:
    program, options = split_command(command)
    database = copy.database
    own = ["-d", database.name, "--data-dir", str(copy.data_dir)]
    own += ["--db_user", database.user, "--db_port", str(database.port)]
    own += ["--db_host", database.host] if database.host else []
    own += ["--no-http", "--max-cron-threads=0", "--workers=0", "--log-level=warn"]
    env = {**database.environment(), **_OFFLINE}
    return run([*program, *verb, *options, *own], timeout=timeout, env=env, secrets=database.secrets(), stdin=stdin)


def _words(done: Finished) -> str:
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return " ".join(lines[-3:])[-400:] or "it said nothing"
