"""The real restore: one backup becomes a database and a filestore that Odoo can run on.

It is brought back beside its place, compared like a proof, and only then takes the place by renames. What was there
before is renamed too, never dropped, and never touched while somebody is connected to it. A restore that is killed
half-way is undone or completed by the next (`switching`).
"""

import logging
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import BaseModel

from ofitec.backup import boot, retrieval, scratch, switching
from ofitec.backup.attachments import sample
from ofitec.backup.evidence import Evidence
from ofitec.backup.job import FIRST_CONNECTION, Job
from ofitec.clients.postgres import exists, sessions
from ofitec.errors import InputError, OfitecError, PermanentError
from ofitec.ledger import backups, switches
from ofitec.ledger.exclusive import ODOO, held

log = logging.getLogger(__name__)

PURPOSE = "backup_restore"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,40}")


class LiveDatabase(PermanentError):
    """Somebody is connected to the database that would be replaced."""


class NotWhatWasSaved(PermanentError):
    """The restored copy is not what was saved. Nothing was replaced."""


class Plan(BaseModel):
    """What a restore will do.

    :param database: name that the restored database gets
    :param filestore: folder that the restored files get
    :param replaces: what is there now and will be renamed; empty if the place is free
    :param repository: the connection of the one it is brought back from
    :param moment: as it is told to people, if it is not a backup's own (`ofitec.continuous`): `backup` is then the base
        backup from which PostgreSQL goes on to it
    """

    backup: str
    at: datetime
    database: str
    filestore: str
    neutralise: bool
    replaces: list[str]
    repository: str = FIRST_CONNECTION
    moment: str = ""


# Brings what is wanted into an empty copy and compares it; what differs goes to the findings
Bring = Callable[[Job, scratch.Scratch, Evidence], None]


def plan(job: Job, *, key: str, database: str, filestore: str, neutralise: bool) -> Plan:
    """Check a restore's parameters before anything is done.

    :param key: the backup; empty: the newest proven one
    :param filestore: empty: beside Odoo's own filestore, under the database's name
    :raises InputError: names what is wrong, also where the folder cannot be written: a copy takes hours to bring back
    """
    job = _at_home(job)
    place, there = require_place(job, database=database, filestore=filestore, neutralise=neutralise)
    row = retrieval.wanted(job, key) if key else backups.newest_proven(job.ledger, job.env, job.restic.where)
    if row is None:
        raise InputError(
            f"No backup of {job.env} in {job.restic.where} is proven yet: choose one by its key (see the OFITEC board)."
            + retrieval.elsewhere(job)
        )
    retrieval.require_room(job, row, job.work)
    assert row.snapshot_at is not None
    return Plan(
        backup=row.key,
        at=row.snapshot_at,
        database=database,
        filestore=str(place),
        neutralise=neutralise,
        replaces=there,
        repository=job.connection,
    )


def require_place(job: Job, *, database: str, filestore: str, neutralise: bool) -> tuple[Path, list[str]]:
    """Check where a restored pair goes; returns the files' folder, and what is there now.

    :raises InputError: names what is wrong
    """
    job = _at_home(job)
    if switches.half_done(job.ledger, env=job.env, server=job.scratch.server):
        repair(job, run_id="plan")
    if not _NAME.fullmatch(database) or database in ("postgres", "template0", "template1"):
        raise InputError(f"{database!r} is no name for a restored database: letters, digits, _ . - and at most 41.")
    if database.startswith(scratch.PREFIX):
        raise InputError(f"Names that begin with {scratch.PREFIX} are for throw-away copies. Choose another.")
    place = Path(filestore) if filestore else job.filestore.parent / database
    if not place.is_absolute() or not place.parent.is_dir():
        raise InputError(f"The filestore's place {place} must be an absolute path in a folder that exists.")
    _require_writable(place.parent)
    if neutralise and not job.odoo_command:
        raise InputError("Neutralising needs an Odoo: set OFITEC_ODOO_COMMAND, or restore without it.")
    with job.scratch.maintenance().connect() as conn:
        there = [f"database {database}"] if exists(conn, database) else []
    return place, there + ([f"folder {place}"] if place.exists() else [])


def restore(job: Job, wanted: Plan, *, run_id: str, approved: bool, bring: Bring | None = None) -> dict[str, Any]:
    """Carry out a plan.

    :param approved: a person agreed that what `replaces` names is renamed
    :param bring: what is done instead of bringing the plan's backup back
    :return: {"backup", "database", "filestore", "kept": [names of what was there before], "steps": {step: seconds}}
    :raises InputError: if the place is not free and nobody agreed
    :raises LiveDatabase: if somebody is connected to the database that would be replaced
    :raises NotWhatWasSaved: if the restored copy is not what was saved; nothing was replaced
    """
    job = _at_home(job)
    asked = wanted.model_dump(include={"database", "filestore", "neutralise"})
    now_there = require_place(job, **asked)[1] if bring else plan(job, key=wanted.backup, **asked).replaces
    if now_there and not approved:
        raise InputError(f"{sample(now_there)} exist already: the restore needs an approval. Nothing was changed.")
    why, wait = f"restore {run_id}", job.rules.exclusive_wait
    with held(job.ledger, ODOO, why=why, wait=wait):
        switching.repair(job)
        _require_idle(job, wanted.database)
        copy = scratch.make(job, purpose=PURPOSE, run_id=run_id)
        try:
            evidence = Evidence(backup=wanted.backup, started_at=datetime.now(UTC))
            if bring:
                bring(job, copy, evidence)
            else:
                retrieval.bring_back(job, retrieval.wanted(job, wanted.backup), copy, evidence, why=why)
            if evidence.findings:
                raise NotWhatWasSaved(
                    f"Backup {wanted.backup} is not what was saved: {sample(evidence.findings)}. Nothing was replaced; "
                    "restore an older one."
                )
            if wanted.neutralise:
                with evidence.timed("neutralise"):
                    boot.neutralise(job.odoo_command, copy)
            _require_idle(job, wanted.database)
            place = Path(wanted.filestore)
            kept = switching.take_place(job, database=wanted.database, place=place, copy=copy, run_id=run_id)
        finally:
            _drop_copies(job)
    what = wanted.moment or wanted.backup
    log.info("%s is restored as database %s with its files in %s", what, wanted.database, wanted.filestore)
    for name in kept:
        log.info("What was there before is kept as %s", name)
    done = {"backup": wanted.backup, "database": wanted.database, "filestore": wanted.filestore}
    return {**done, "kept": kept, "steps": evidence.steps}


def repair(job: Job, *, run_id: str) -> list[str]:
    """Undo or complete what killed restores left half-way, and drop their copies; a sentence each."""
    job = _at_home(job)
    with held(job.ledger, ODOO, why=f"repair {run_id}", wait=job.rules.exclusive_wait):
        told = switching.repair(job)
        scratch.sweep(job, purpose=PURPOSE)
    return told


def _require_writable(folder: Path) -> None:
    """By doing it: who may write is not told by the folder's mode alone (a mount may be read-only)."""
    try:
        with TemporaryDirectory(prefix=".ofitec-", dir=folder):
            pass
    except OSError as error:
        raise InputError(
            f"The folder {folder}, where the restored files go, cannot be written here ({error.strerror}). Nothing was "
            "changed. Mount it writable on this worker, or name another folder (Carpeta de archivos)."
        ) from None


def _at_home(job: Job) -> Job:
    """The same job with Odoo's own server as the place of copies: that is where it shall run."""
    return replace(job, scratch=job.database)


def _drop_copies(job: Job) -> None:
    """Never hides what went wrong before."""
    try:
        scratch.sweep(job, purpose=PURPOSE)
    except (OfitecError, OSError) as error:
        log.error("The copy could not be dropped now; the next restore drops it. %s", error)  # noqa: TRY400


def _require_idle(job: Job, name: str) -> None:
    with job.scratch.maintenance().connect() as conn:
        who = sessions(conn, name)
    if who:
        raise LiveDatabase(
            f"Database {name} is in use by {len(who)} sessions ({sample(who)}) and is not replaced. Stop its Odoo."
        )
