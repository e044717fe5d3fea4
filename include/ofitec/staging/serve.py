"""The staging Odoo: on a loopback port of this machine, and with no way out.

It runs in a network namespace of its own, which has a loopback and nothing else. Its database and its page reach it
through unix sockets. When another copy stands, it is started again on that one.
"""

import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ofitec.backup import boot
from ofitec.backup.job import Job
from ofitec.clients.postgres import Database
from ofitec.errors import InputError, PermanentError
from ofitec.process import Finished, ProgramStopped, run
from ofitec.staging import inside, keeping
from ofitec.staging.relay import End, relaying

log = logging.getLogger(__name__)

_LOOK = 2.0  # seconds between looks at which copy stands
_BIND = "127.0.0.1"


class OdooEnded(PermanentError):
    """The staging Odoo ended by itself."""


def serve(job: Job, port: int, *, stop: threading.Event | None = None) -> None:
    """Run the staging Odoo until `stop` is set, anew on each copy that comes to stand.

    :param port: on 127.0.0.1, where HAProxy or a person finds its page
    :raises InputError: if no copy stands on this machine, or no Odoo is named
    :raises OdooEnded: if it ends by itself, or cannot be put into a namespace
    """
    stop = stop or threading.Event()
    if not job.odoo_command:
        raise InputError("Set OFITEC_ODOO_COMMAND: the staging Odoo is run by it.")
    folder = job.work / "staging" / "run"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / inside.DATABASE).unlink(missing_ok=True)
    here: tuple[End, End] = (_BIND, port), str(folder / inside.PAGE)
    with relaying((str(folder / inside.DATABASE), _server(job.scratch)), here):
        while not stop.is_set():
            standing = _standing(job)
            log.info("The staging Odoo serves %s on http://%s:%d", keeping.name(job), _BIND, port)
            with _replaced(job, standing, stop) as over:
                try:
                    done = _odoo(job, folder, over)
                except ProgramStopped:
                    continue
            raise OdooEnded(f"The staging Odoo ended with exit {done.returncode}: {done.stderr[-400:] or 'no word'}")


def _standing(job: Job) -> Path:
    try:
        return keeping.data_dir(job).resolve(strict=True)
    except OSError:
        raise InputError(
            "No staging copy stands on this machine. Let odoo_staging run here first (OFITEC_STAGING, queue ops)."
        ) from None


@contextmanager
def _replaced(job: Job, standing: Path, stop: threading.Event) -> Iterator[threading.Event]:
    """An event that is set when another copy stands, or all is to stop."""
    over, done = threading.Event(), threading.Event()

    def look() -> None:
        while not done.wait(_LOOK):
            if stop.is_set() or keeping.data_dir(job).resolve() != standing:
                over.set()
                return

    thread = threading.Thread(target=look, name="look", daemon=True)
    thread.start()
    try:
        yield over
    finally:
        done.set()
        thread.join()


def _odoo(job: Job, folder: Path, over: threading.Event) -> Finished:
    program, options = boot.split_command(job.odoo_command)
    database, name = job.scratch, keeping.name(job)
    own = ["-d", name, "--db-filter", f"^{name}$", "--no-database-list", "--data-dir", str(keeping.data_dir(job))]
    own += ["--db_user", database.user, "--db_host", _BIND, "--db_port", str(inside.DATABASE_PORT)]
    own += ["--http-interface", _BIND, "--http-port", str(inside.PAGE_PORT)]
    own += ["--max-cron-threads=0", "--workers=0", "--logfile", str(folder / "odoo.log")]
    alone = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--user", "--map-current-user", "--net"]
    argv = [*alone, "--", sys.executable, "-m", inside.__name__, str(folder), *program, *options, *own]
    env = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PGSSLMODE": database.sslmode}
    return run(argv, timeout=float("inf"), env=env, secrets=database.secrets(), stop=over)


def _server(database: Database) -> End:
    """Where the database's server listens."""
    if not database.host or database.host.startswith("/"):
        return f"{database.host or '/var/run/postgresql'}/.s.PGSQL.{database.port}"
    return database.host, database.port
