"""The real restore: one backup becomes a database and a filestore that Odoo can run on.

It is brought back beside its place, compared like a proof, and only then takes the place: by a rename, in one
transaction. What was there before is renamed too, never dropped, and never touched while somebody is connected to it.
"""

import logging
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from ofitec.backup import boot, restoring, scratch
from ofitec.backup.attachments import sample
from ofitec.backup.evidence import Evidence
from ofitec.backup.job import Job
from ofitec.backup.proof import BackupRefuted
from ofitec.clients.postgres import administer, exists, sessions
from ofitec.errors import InputError, PermanentError
from ofitec.ledger import backups
from ofitec.ledger.exclusive import ODOO, REPOSITORY, held

log = logging.getLogger(__name__)

PURPOSE = "backup_restore"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,40}")


class LiveDatabase(PermanentError):
    """Somebody is connected to the database that would be replaced."""


class Plan(BaseModel):
    """What a restore will do.

    :param database: name that the restored database gets
    :param filestore: folder that the restored files get
    :param replaces: what is there now and will be renamed; empty if the place is free
    """

    backup: str
    at: datetime
    database: str
    filestore: str
    neutralise: bool
    replaces: list[str]


def plan(job: Job, *, key: str, database: str, filestore: str, neutralise: bool) -> Plan:
    """Check a restore's parameters before anything is done.

    :param key: the backup; empty: the newest proven one
    :param filestore: empty: beside Odoo's own filestore, under the database's name
    :raises InputError: names what is wrong
    """
    job = _at_home(job)
    if not _NAME.fullmatch(database) or database in ("postgres", "template0", "template1"):
        raise InputError(f"{database!r} is no name for a restored database: letters, digits, _ . - and at most 41.")
    if database.startswith(scratch.PREFIX):
        raise InputError(f"Names that begin with {scratch.PREFIX} are for throw-away copies. Choose another.")
    place = Path(filestore) if filestore else job.filestore.parent / database
    if not place.is_absolute() or not place.parent.is_dir():
        raise InputError(f"The filestore's place {place} must be an absolute path in a folder that exists.")
    if neutralise and not job.odoo_command:
        raise InputError("Neutralising needs an Odoo: set OFITEC_ODOO_COMMAND, or restore without it.")
    row = restoring.wanted(job, key) if key else backups.newest_proven(job.ledger, job.env)
    if row is None:
        raise InputError(f"No backup of {job.env} is proven yet: choose one by its key (see the OFITEC board).")
    restoring.require_room(job, row, job.work)
    with job.scratch.maintenance().connect() as link:
        there = [f"database {database}"] if exists(link, database) else []
    there += [f"folder {place}"] if place.exists() else []
    assert row.snapshot_at is not None
    return Plan(
        backup=row.key,
        at=row.snapshot_at,
        database=database,
        filestore=str(place),
        neutralise=neutralise,
        replaces=there,
    )


def restore(job: Job, wanted: Plan, *, run_id: str, approved: bool) -> dict[str, Any]:
    """Carry out a plan.

    :param approved: a person agreed that what `replaces` names is renamed
    :return: {"backup", "database", "filestore", "kept": [names of what was there before], "steps": {step: seconds}}
    :raises InputError: if the place is not free and nobody agreed
    :raises LiveDatabase: if somebody is connected to the database that would be replaced
    :raises BackupRefuted: if the restored copy is not what was saved; nothing was replaced
    """
    job = _at_home(job)
    asked = wanted.model_dump(include={"database", "filestore", "neutralise"})
    now_there = plan(job, key=wanted.backup, **asked).replaces
    if now_there and not approved:
        raise InputError(f"{sample(now_there)} exist already: the restore needs an approval. Nothing was changed.")
    why, wait = f"restore {run_id}", job.rules.exclusive_wait
    with held(job.ledger, ODOO, why=why, wait=wait):
        _require_idle(job, wanted.database)
        copy = scratch.make(job, purpose=PURPOSE, run_id=run_id)
        try:
            row = restoring.wanted(job, wanted.backup)
            evidence = Evidence(backup=row.key, started_at=datetime.now(UTC))
            with held(job.ledger, REPOSITORY, why=why, wait=wait):
                said = restoring.fetch(job, row, copy, evidence)
            restoring.load(job, copy, evidence)
            restoring.compare(said, copy, evidence)
            if evidence.findings:
                raise BackupRefuted(
                    f"Backup {row.key} is not what was saved: {sample(evidence.findings)}. Nothing was replaced; "
                    "restore an older one."
                )
            if wanted.neutralise:
                with evidence.timed("neutralise"):
                    boot.neutralise(job.odoo_command, copy)
            kept = _switch(job, wanted, copy)
        finally:
            scratch.sweep(job, purpose=PURPOSE)
    done = {"backup": row.key, "database": wanted.database, "filestore": wanted.filestore}
    log.info("Restored: %s, kept %s", done, kept)
    return {**done, "kept": kept, "steps": evidence.steps}


def _at_home(job: Job) -> Job:
    """The same job with Odoo's own server as the place of copies: that is where it shall run."""
    return replace(job, scratch=job.database)


def _require_idle(job: Job, name: str) -> None:
    with job.scratch.maintenance().connect() as link:
        who = sessions(link, name)
    if who:
        raise LiveDatabase(
            f"Database {name} is in use by {len(who)} sessions ({sample(who)}) and is not replaced. Stop its Odoo."
        )


def _switch(job: Job, wanted: Plan, copy: scratch.Scratch) -> list[str]:
    """Put the copy in its place and rename what was there; returns what that is called now."""
    _require_idle(job, wanted.database)
    suffix = f"_before_{datetime.now(UTC):%Y%m%dT%H%M%S}"
    place, kept = Path(wanted.filestore), []
    old_place = place.with_name(place.name + suffix)
    incoming = place.with_name(f".{place.name}.incoming")
    if incoming.exists():
        shutil.rmtree(incoming)
    # across disks this copies, so it happens before the database changes
    shutil.move(copy.filestore, incoming)
    if place.exists():
        place.rename(old_place)
        kept.append(str(old_place))
    try:
        incoming.rename(place)
        kept += _rename_databases(job, wanted.database, copy.database.name, wanted.database[:40] + suffix)
    except BaseException:
        # the old files go back to the old database
        if place.exists():
            shutil.rmtree(place)
        if old_place.exists():
            old_place.rename(place)
        raise
    shutil.rmtree(copy.folder)
    backups.scratch_dropped(job.ledger, copy.database.name)
    return kept


def _rename_databases(job: Job, name: str, copy: str, old: str) -> list[str]:
    with job.scratch.maintenance().connect(autocommit=False) as link:
        there = exists(link, name)
        if there:
            administer(link, "ALTER DATABASE {} RENAME TO {}", name, old)
        administer(link, "COMMENT ON DATABASE {} IS NULL", copy)
        administer(link, "ALTER DATABASE {} RENAME TO {}", copy, name)
        link.commit()
    return [old] if there else []
