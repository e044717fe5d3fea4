"""Debian and Ubuntu packages that the stack needs from the machine itself, installed by apt when they are missing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.stack.errors import StackError
from dev.stack.machine import process, progress
from dev.stack.machine.paths import LOCAL, cache_lock

APT_LOG = LOCAL / "cache" / "apt.log"
# The server package makes and starts a cluster of its own on port 5432 unless this file says no.
_NO_CLUSTER = Path("/etc/postgresql-common/createcluster.d/ofitec-no-main-cluster.conf")


def _as_root(argv: list[str], why: str) -> list[str]:
    """`argv` as it is for root, behind sudo for a person who has it. Raises StackError when there are no rights."""
    if os.geteuid() == 0:
        return argv
    if shutil.which("sudo") is None:
        raise StackError(f"{why} is missing, and this user is not root and has no sudo: as root run  {' '.join(argv)}")
    if not process.ask_for_rights():
        raise StackError(f"{why} is missing and sudo refused or could not ask: as root run  {' '.join(argv)}")
    return ["sudo", "-n", "env", "DEBIAN_FRONTEND=noninteractive", *argv]


def install(packages: list[str], what: str) -> None:
    """Installs `packages` with apt, without recommended ones. Raises StackError saying what to run by hand.

    A machine whose package lists are old or were never read gets one `apt-get update` when the first try fails.
    """
    if shutil.which("apt-get") is None:
        raise StackError(f"{what} is missing and this machine has no apt-get: install {' '.join(packages)} by hand.")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = _as_root(["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages], what)
    # two apt-get at once: the second gives up
    with cache_lock("apt"), progress.step(f"{what}: apt-get install {' '.join(packages)}") as step:
        try:
            process.run(command, log=APT_LOG, env=env, what="apt-get install")
        except StackError:
            step.detail = "package lists first"
            update = _as_root(["apt-get", "update", "-q"], what)
            try:
                process.run(update, log=APT_LOG, env=env, what="apt-get update")
                step.detail = ""
                process.run(command, log=APT_LOG, env=env, what="apt-get install")
            except StackError as error:
                by_hand = "apt-get install --no-install-recommends " + " ".join(packages)
                raise StackError(
                    f"{what} could not be installed (no network, or apt is busy): as root run  {by_hand}\n{error}"
                ) from error


@contextmanager
def _without_main_cluster() -> Iterator[None]:
    """While the block runs, installing a PostgreSQL server creates no cluster outside our folder."""
    log, folder = APT_LOG, _NO_CLUSTER.parent
    # Readable by all whatever root's umask is: PostgreSQL's own tools look in there as other users.
    process.run(_as_root(["install", "-d", "-m", "755", str(folder.parent), str(folder)], "PostgreSQL"), log=log)
    process.run(_as_root(["tee", str(_NO_CLUSTER)], "PostgreSQL"), log=log, stdin="create_main_cluster = false\n")
    try:
        yield
    finally:
        process.run(_as_root(["rm", "-f", str(_NO_CLUSTER)], "PostgreSQL"), log=log)


def postgres_bin() -> Path:
    """The folder of the newest PostgreSQL server's programs; the server is installed when there is none."""
    if (found := newest_postgres()) is None:
        with _without_main_cluster():
            install(["postgresql"], "PostgreSQL server")
        found = newest_postgres()
    if found is None:
        raise StackError(
            "the postgresql package is installed but /usr/lib/postgresql/*/bin holds no initdb: reinstall it."
        )
    return found


def newest_postgres(servers_root: Path = Path("/usr/lib/postgresql")) -> Path | None:
    """The program folder of the highest major version below `servers_root`, or None."""
    servers = [path.parent for path in servers_root.glob("*/bin/initdb")]
    return max(servers, key=lambda folder: int(folder.parent.name), default=None)


def pgbackrest() -> Path:
    """pgBackRest: the one in OFITEC_PGBACKREST, or on PATH; Debian's is installed when there is none."""
    named = os.environ.get("OFITEC_PGBACKREST") or "pgbackrest"
    if (found := shutil.which(named)) is None:
        install(["pgbackrest"], "pgBackRest")
        found = shutil.which(named)
    if found is None:
        raise StackError(f"apt installed pgbackrest but {named} is not on PATH: install pgBackRest by hand.")
    return Path(found)


def chromium() -> Path:
    """A Chromium for page pictures; Debian's is installed when there is none.

    Ubuntu's package of that name only points at a snap: there, have a Chromium or Chrome on PATH.
    """
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    for attempt in range(2):
        found = next((path for name in names if (path := shutil.which(name))), None)
        if found is not None:
            return Path(found)
        if attempt == 0:
            install(["chromium", "fonts-dejavu-core"], "Chromium")
    raise StackError("apt installed chromium but no chromium program is on PATH: install Chromium or Chrome by hand.")
