"""Folders that every worker must find, and whether it does.

Under one path two machines have two folders, unless it is mounted from one place. So a worker leaves a mark in the
folder and writes it into the ledger; whoever finds another mark there, or none, has another folder. Nothing is marked
where Airflow runs all tasks on one machine.
"""

import os
import socket
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from secrets import token_hex

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from ofitec.errors import InputError, PermanentError
from ofitec.ledger.store import Ledger
from ofitec.ledger.tables import WorkerFolder

MARK = ".ofitec-folder"
_REMEMBERED = timedelta(days=30)  # a worker that was not seen for so long is gone
_ONE_MACHINE = ("LocalExecutor", "SequentialExecutor")


class NotShared(PermanentError):
    """Two workers have different folders under one path. Nothing was changed."""


def several_workers() -> bool:
    """Whether Airflow's configuration lets tasks run on more than one machine."""
    from airflow.configuration import conf

    if os.environ.get("AIRFLOW_IS_K8S_EXECUTOR_POD"):  # its own configuration says LocalExecutor there
        return True
    named = conf.get("core", "executor").replace(";", ",").split(",")
    return any(name.strip() and not name.strip().endswith(_ONE_MACHINE) for name in named)


def require_one(ledger: Ledger, folder: Path, *, what: str, instead: str) -> None:
    """Refuse a folder that is not the one that the other workers use under this path.

    :param what: what it is for, the sentence's subject, e.g. "OFITEC_EXPORT_URL"
    :param instead: what one can use that every worker reaches
    :raises NotShared: says which worker has another one
    :raises InputError: if it cannot be marked
    """
    if not several_workers():
        return
    known = _known(ledger, folder)
    mark = _read(folder)
    others = [row for row in known if row.mark != mark]
    if others:
        there = max(others, key=lambda row: row.seen_at)
        raise NotShared(
            f"{what} is the folder {folder}, and on this worker ({socket.gethostname()}) that is not the folder that "
            f"worker {there.host} used on {there.seen_at:%F %T} UTC: each has its own disk. Nothing was changed. Mount "
            f"one folder there on every worker, or use {instead}. If it is the same folder and only its mark was lost, "
            f"write  {there.mark}  into {folder / MARK}."
        )
    try:
        mark = mark or _make(folder)
    except OSError as error:
        raise InputError(f"The folder {folder} ({what}) cannot be written: {error.strerror}.") from None
    _note(ledger, folder, mark)


def note(ledger: Ledger, folder: Path) -> None:
    """Tell the ledger which folder this worker has under a path; refuses nothing. No-op where it cannot be written."""
    if several_workers() and os.access(folder, os.W_OK):
        with suppress(OSError):
            _note(ledger, folder, _read(folder) or _make(folder))


def users(ledger: Ledger, folder: Path) -> list[str]:
    """The workers that used this worker's folder, by name."""
    mark = _read(folder)
    return sorted({row.host for row in _known(ledger, folder) if row.mark == mark})


def _known(ledger: Ledger, folder: Path) -> list[WorkerFolder]:
    query = select(WorkerFolder).where(
        WorkerFolder.path == str(folder), WorkerFolder.seen_at > func.clock_timestamp() - _REMEMBERED
    )
    with ledger.transaction() as session:
        return list(session.scalars(query))


def _note(ledger: Ledger, folder: Path, mark: str) -> None:
    statement = insert(WorkerFolder).values(path=str(folder), mark=mark, host=socket.gethostname())
    seen = {"seen_at": func.clock_timestamp()}
    with ledger.transaction() as session:
        session.execute(statement.on_conflict_do_update(index_elements=["path", "mark", "host"], set_=seen))


def _read(folder: Path) -> str:
    try:
        return (folder / MARK).read_text().strip()
    except OSError:
        return ""


def _make(folder: Path) -> str:
    """A mark for a folder that has none; of two workers that make one at once, one wins."""
    folder.mkdir(parents=True, exist_ok=True)
    # whole before it has its name: nobody reads half a mark
    fresh = folder / f"{MARK}.{token_hex(4)}"
    fresh.write_text(token_hex(8))
    try:
        os.link(fresh, folder / MARK)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return _read(folder)
