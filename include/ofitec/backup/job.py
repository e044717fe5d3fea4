"""What a backup works with: where the data is, where it goes, and by which rules."""

from dataclasses import dataclass, field
from pathlib import Path

from ofitec.backup import shared
from ofitec.clients.postgres import Database
from ofitec.clients.restic import Restic
from ofitec.clients.restic_connection import password_file, restic
from ofitec.connections import connection
from ofitec.ledger import Ledger, open_ledger
from ofitec.ledger.exclusive import REPOSITORY, SECOND
from ofitec.settings import Settings, settings

DATABASE, FILESTORE, MANIFEST = "database", "filestore", "manifest"
PARTS = (DATABASE, FILESTORE, MANIFEST)
DUMP_FILE = "odoo.dump"
FIRST_CONNECTION, SECOND_CONNECTION = "restic_default", "restic_second"
MANIFEST_FILE = "ofitec-manifest.json"


@dataclass(frozen=True)
class Rules:
    """The settings that backups go by; seconds and bytes."""

    lock_timeout: int = 60
    exclusive_wait: float = 3600
    lock_stale: float = 660
    min_bytes: int = 1_000_000
    missing_files: int = 0
    clock_skew: float = 300
    keep: dict[str, int] = field(default_factory=lambda: {"daily": 7, "weekly": 4, "monthly": 6})
    keep_floor: int = 3
    restore_jobs: int = 2
    restore_timeout: float = 6 * 3600
    zone: str = "America/Santiago"


@dataclass(frozen=True)
class Job:
    """One installation's backup.

    :param env: name of the installation, the tag `env=...` of its snapshots
    :param restic: the repository with the credentials that backups use
    :param pruner: the same with credentials that may delete; None: nothing is ever deleted (append-only)
    :param scratch: the server on which copies are restored (any database of it)
    :param work: folder for restored copies
    :param connection: the repository's, by its id: SECOND_CONNECTION's holds copies of the first's backups
    """

    env: str
    database: Database
    filestore: Path
    restic: Restic
    pruner: Restic | None
    ledger: Ledger
    scratch: Database
    work: Path
    odoo_command: str = ""
    rules: Rules = Rules()
    connection: str = FIRST_CONNECTION

    @property
    def second(self) -> bool:
        """Whether its repository is the second one."""
        return self.connection == SECOND_CONNECTION

    @property
    def lock(self) -> str:
        """What whoever works on the repository holds: a copy that takes hours does not hold up the night."""
        return SECOND if self.second else REPOSITORY

    @property
    def tags(self) -> tuple[str, str]:
        """The tags that all snapshots of this installation carry."""
        return ("ofitec", f"env={self.env}")


def from_settings(conn_id: str = FIRST_CONNECTION) -> Job:
    """The job that Airflow's connections and the settings describe.

    :param conn_id: of the repository
    :raises InputError: if a connection is missing or lacks a part
    :raises NotShared: if the repository is in a folder that is not the other workers'
    """
    chosen = settings()
    work = chosen.work_dir
    work.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = Database.from_connection("odoo_db")
    scratch = chosen.scratch_connection
    repository, ledger = restic(conn_id), open_ledger()
    shared.require_repository(ledger, repository.repository)
    shared.tell_password(ledger, password_file(connection(conn_id)))
    second = conn_id == SECOND_CONNECTION
    return Job(
        env=chosen.env,
        database=database,
        filestore=chosen.filestore,
        restic=repository,
        pruner=_pruner(chosen.second_prune_connection if second else chosen.prune_connection, conn_id, repository),
        ledger=ledger,
        scratch=database if scratch == "odoo_db" else Database.from_connection(scratch),
        work=work,
        odoo_command=chosen.odoo_command,
        rules=Rules(
            lock_timeout=chosen.backup_lock_timeout,
            exclusive_wait=chosen.backup_exclusive_wait,
            lock_stale=chosen.restic_lock_stale,
            min_bytes=chosen.backup_min_bytes,
            missing_files=chosen.backup_missing_files,
            keep=_keep(chosen, second=second),
            keep_floor=chosen.keep_floor,
            restore_jobs=chosen.restore_jobs,
            restore_timeout=chosen.backup_timeout,
            zone=chosen.timezone,
        ),
        connection=conn_id,
    )


def _keep(chosen: Settings, *, second: bool) -> dict[str, int]:
    if second:
        daily, weekly, monthly = chosen.second_keep_daily, chosen.second_keep_weekly, chosen.second_keep_monthly
    else:
        daily, weekly, monthly = chosen.keep_daily, chosen.keep_weekly, chosen.keep_monthly
    return {"daily": daily, "weekly": weekly, "monthly": monthly}


def _pruner(conn_id: str, same: str, repository: Restic) -> Restic | None:
    """:param same: the connection of `repository` itself"""
    if not conn_id:
        return None
    return repository if conn_id == same else restic(conn_id)
