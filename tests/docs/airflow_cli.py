"""Airflow's command line, imported once: each command is a fork of this process, which saves seconds of imports each.

Reads lines of JSON, {"argv": words after `airflow`, "env": added to the environment}; answers each with a line of JSON,
[exit status, standard output, standard error].
"""

import importlib
import json
import os
import sys
import tempfile
import traceback
from typing import IO, Any, NoReturn

PRELOADED = (
    "airflow.__main__",
    "airflow.cli.cli_parser",
    *(f"airflow.cli.commands.{name}_command" for name in ("connection", "dag", "jobs", "pool", "task")),
)


def main() -> None:
    """Serve until standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what Airflow says while it is imported is no answer
    for module in PRELOADED:
        importlib.import_module(module)
    from airflow.utils.providers_configuration_loader import providers_configuration_loaded

    providers_configuration_loaded(lambda: None)()  # every other command would read it anew
    for line in sys.stdin:
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            child = os.fork()
            if child == 0:
                _command(json.loads(line), out, err)
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            out.seek(0)
            err.seek(0)
            answers.write(json.dumps([status, out.read(), err.read()]) + "\n")
            answers.flush()


def _command(asked: dict[str, Any], out: IO[str], err: IO[str]) -> NoReturn:
    from airflow.__main__ import main as airflow

    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    os.environ.update(asked["env"])
    sys.argv = ["airflow", *asked["argv"]]
    status = 1
    try:
        airflow()  # type: ignore[no-untyped-call]
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            sys.stderr.write(end.code)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    main()
