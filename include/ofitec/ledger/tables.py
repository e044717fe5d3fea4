"""The tables of schema `ofitec`, all of them. Their changes are migrations in `migrations/versions`."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Double,
    ForeignKey,
    Identity,
    UniqueConstraint,
    false,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from ofitec.ledger.approval_table import ApprovalAnswer
from ofitec.ledger.base import SCHEMA, Base
from ofitec.ledger.continuous_table import ContinuousLook
from ofitec.ledger.rcv_tables import RcvFile, RcvReconciliation
from ofitec.ledger.scale_table import Scaling
from ofitec.ledger.staging_table import StagingCopy

__all__ = [
    "SCHEMA",
    "ApprovalAnswer",
    "Base",
    "ContinuousLook",
    "RcvFile",
    "RcvReconciliation",
    "Scaling",
    "StagingCopy",
]


class F29Delivery(Base):
    """One delivered F29: its figures, from which Odoo record, by which run, and what there was to tell of it.

    The newest of a RUT, period and version counts; the newest with `told_at` is what people know.
    """

    __tablename__ = "f29_delivery"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    rut: Mapped[str]
    company: Mapped[str]
    period: Mapped[str] = mapped_column(comment="YYYY-MM")
    odoo_id: Mapped[int]
    version: Mapped[int]
    status: Mapped[str]
    casillas: Mapped[dict[str, Any]] = mapped_column(comment="código to whole pesos or count")
    warnings: Mapped[list[Any]]
    files: Mapped[dict[str, Any]] = mapped_column(comment="file name to sha256")
    url: Mapped[str]
    due_date: Mapped[date | None]
    folio: Mapped[str | None] = mapped_column(comment="the SII's, once filed")
    filed_on: Mapped[date | None]
    filed_total: Mapped[int | None] = mapped_column(comment="código 91 as filed, whole pesos")
    points: Mapped[list[Any] | None] = mapped_column(comment="what on the form waited for a person")
    news: Mapped[dict[str, Any] | None] = mapped_column(comment="{reasons, changes} to tell people; no reasons: none")
    run_id: Mapped[str]
    delivered_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    told_at: Mapped[datetime | None] = mapped_column(comment="moment of the run whose message people got")


class Notification(Base):
    """One message to a person. The key makes it happen once."""

    __tablename__ = "notification"
    __table_args__ = (UniqueConstraint("key", name="notification_key_unique"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    key: Mapped[str]
    kind: Mapped[str]
    dag_id: Mapped[str]
    run_id: Mapped[str]
    status: Mapped[str] = mapped_column(comment="pending, sent or failed")
    attempts: Mapped[int]
    claimed_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    sent_at: Mapped[datetime | None]
    text: Mapped[str | None] = mapped_column(comment="what was said, redacted")
    blocks: Mapped[list[Any] | None] = mapped_column(comment="the same as Block Kit")
    made_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class TaskError(Base):
    """What a failed task said, kept for the message that tells of its run."""

    __tablename__ = "task_error"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    dag_id: Mapped[str]
    run_id: Mapped[str]
    task_id: Mapped[str]
    label: Mapped[str] = mapped_column(comment="the mapped branch as people see it, else empty")
    error: Mapped[str] = mapped_column(comment="redacted")
    clear_number: Mapped[int] = mapped_column(server_default="0", comment="clears of the run")
    typed: Mapped[bool] = mapped_column(
        server_default=false(), comment="a mistake in what somebody typed who triggered the run"
    )
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class F29State(Base):
    """Where a company's F29 of a month stands in Odoo, as last read. One row a RUT and period, kept up to date."""

    __tablename__ = "f29_state"
    __table_args__ = (UniqueConstraint("rut", "period", name="f29_state_rut_period_unique"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    rut: Mapped[str]
    company: Mapped[str]
    period: Mapped[str] = mapped_column(comment="YYYY-MM")
    status: Mapped[str] = mapped_column(comment="missing, draft, ready, approved, filed or paid")
    version: Mapped[int | None] = mapped_column(comment="of the form that counts: the newest filed, else the newest")
    payable: Mapped[int | None] = mapped_column(comment="whole pesos: as filed, else código 91; null without a form")
    folio: Mapped[str | None]
    filed_on: Mapped[date | None]
    rectifying: Mapped[str | None] = mapped_column(comment="status of a newer version that is not filed yet")
    due_date: Mapped[date]
    last_due_date: Mapped[date | None] = mapped_column(
        comment="of a month without a form: when it is due at the latest, paid or not; null where Odoo does not say"
    )
    read_at: Mapped[datetime]


class SourceReading(Base):
    """When a foreign system that the board shows was last asked, and when it last answered."""

    __tablename__ = "source_reading"

    source: Mapped[str] = mapped_column(primary_key=True)
    tried_at: Mapped[datetime]
    read_at: Mapped[datetime | None] = mapped_column(comment="when it last answered")
    error: Mapped[str | None] = mapped_column(comment="why it did not, redacted; null if the last try went well")


class RunTarget(Base):
    """What a run set out to do, one row a target: what a failure leaves open and what a later run may close."""

    __tablename__ = "run_target"
    __table_args__ = (UniqueConstraint("dag_id", "run_id", "target", name="run_target_unique"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    dag_id: Mapped[str]
    run_id: Mapped[str]
    target: Mapped[str] = mapped_column(comment="e.g. a RUT and period, an installation, a database")
    label: Mapped[str] = mapped_column(comment="the same as people read it")
    aimed_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    reached_at: Mapped[datetime | None]


class BackupRun(Base):
    """One attempt at a backup: three snapshots (database, filestore, manifest) of one moment."""

    __tablename__ = "backup_run"
    __table_args__ = (UniqueConstraint("key", name="backup_run_key_unique"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(comment="the snapshots' tag run=..., e.g. 20261124T053000Z-3f9a")
    env: Mapped[str]
    repository: Mapped[str] = mapped_column(comment="its address without credentials")
    run_id: Mapped[str]
    status: Mapped[str] = mapped_column(comment="running, stored, checked, failed, refuted, lost or removed")
    snapshot_at: Mapped[datetime | None] = mapped_column(comment="the moment of the data")
    snapshots: Mapped[dict[str, Any]] = mapped_column(comment="part to {id, processed, added, files, seconds}; bytes")
    figures: Mapped[dict[str, Any] | None] = mapped_column(comment="what a restored copy is compared with")
    repository_bytes: Mapped[int | None]
    error: Mapped[str | None]
    said: Mapped[str | None] = mapped_column(comment="the error as people are told it, in Spanish")
    key_id: Mapped[str | None] = mapped_column(comment="the restic key that opened the repository for it")
    copy_of: Mapped[str | None] = mapped_column(
        comment="the key of the backup that this is a copy of, in another repository"
    )
    acknowledged_at: Mapped[datetime | None] = mapped_column(comment="when a person took note that it is lost")
    acknowledged_by: Mapped[str | None]
    started_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    finished_at: Mapped[datetime | None]


class RestoreProof(Base):
    """One attempt to prove a backup by restoring it."""

    __tablename__ = "restore_proof"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    backup_id: Mapped[int] = mapped_column(ForeignKey("ofitec.backup_run.id"))
    env: Mapped[str]
    run_id: Mapped[str]
    outcome: Mapped[str] = mapped_column(
        comment="running, passed, refuted (the backup is bad) or failed (nothing was learnt)"
    )
    read_data: Mapped[bool] = mapped_column(comment="every byte of the repository was read as well")
    booted: Mapped[bool] = mapped_column(comment="Odoo ran on the restored copy")
    tables: Mapped[int]
    rows: Mapped[int]
    files: Mapped[int]
    steps: Mapped[dict[str, Any]] = mapped_column(comment="step to seconds; kept up to date while it runs")
    key_id: Mapped[str | None] = mapped_column(comment="the restic key that opened the repository for it")
    rto_seconds: Mapped[float | None] = mapped_column(Double, comment="fetch, load and boot")
    findings: Mapped[list[Any]] = mapped_column(comment="sentences: what differs or failed")
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class ScratchDatabase(Base):
    """A throw-away copy that we made: the only databases we ever drop. Written before the database is made."""

    __tablename__ = "scratch_database"
    __table_args__ = (UniqueConstraint("name", name="scratch_database_name_unique"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    name: Mapped[str]
    server: Mapped[str] = mapped_column(comment="host:port")
    folder: Mapped[str]
    purpose: Mapped[str]
    run_id: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    dropped_at: Mapped[datetime | None]


class PasswordRotation(Base):
    """One change of the repository's password: a new key first, and in a later run the old one's end."""

    __tablename__ = "password_rotation"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    env: Mapped[str]
    repository: Mapped[str] = mapped_column(comment="its address without credentials")
    old_key: Mapped[str] = mapped_column(comment="id of the restic key that is to go")
    new_key: Mapped[str] = mapped_column(comment="id of the restic key that takes its place")
    outcome: Mapped[str] = mapped_column(comment="pending, done or abandoned (the new password was lost)")
    run_id: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    finished_at: Mapped[datetime | None]


class RestoreSwitch(Base):
    """The journal of a restored copy that takes its place. Written before the first rename."""

    __tablename__ = "restore_switch"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    env: Mapped[str]
    server: Mapped[str] = mapped_column(comment="host:port")
    database: Mapped[str] = mapped_column(comment="the name that the copy gets")
    copy: Mapped[str] = mapped_column(comment="the scratch database")
    old_database: Mapped[str | None] = mapped_column(comment="what the database there is renamed to; null: none there")
    place: Mapped[str] = mapped_column(comment="the folder that the files get")
    incoming: Mapped[str] = mapped_column(comment="the folder beside it where they wait")
    old_place: Mapped[str | None] = mapped_column(comment="what the folder there is renamed to; null: none there")
    outcome: Mapped[str] = mapped_column(comment="running, done or undone")
    run_id: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    finished_at: Mapped[datetime | None]


class Deployment(Base):
    """One deploy or rollback of Odoo, as the host's journal tells it."""

    __tablename__ = "deployment"
    __table_args__ = (UniqueConstraint("run", name="deployment_run_unique"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    run: Mapped[str] = mapped_column(comment="its name on the host, part of names of databases")
    env: Mapped[str]
    kind: Mapped[str] = mapped_column(comment="deploy or rollback")
    requested: Mapped[str] = mapped_column(comment="what was asked for")
    image: Mapped[str] = mapped_column(comment="repository@sha256:...")
    before: Mapped[str] = mapped_column(comment="the image that served")
    mode: Mapped[str] = mapped_column(comment="CODE, MIGRATE or RETURN")
    modules: Mapped[list[Any]] = mapped_column(comment="[{name, before, after}] of an upgrade")
    status: Mapped[str] = mapped_column(comment="planned, running, done, undone, stuck, dropped or rejected")
    who: Mapped[str]
    answered_by: Mapped[str | None] = mapped_column(comment="who approved or rejected")
    answered_at: Mapped[datetime | None]
    steps: Mapped[list[Any]] = mapped_column(comment="[{name, state, at, seconds}] of the host's journal")
    rehearsal: Mapped[dict[str, Any] | None] = mapped_column(
        comment="part to seconds; predicted is the time without service"
    )
    maintenance_seconds: Mapped[float | None] = mapped_column(Double, comment="time without service")
    error: Mapped[str | None]
    dag_id: Mapped[str]
    run_id: Mapped[str]
    planned_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    finished_at: Mapped[datetime | None]


class WorkerFolder(Base):
    """A folder that a worker used where all must use the same one (`ofitec.ledger.folders`)."""

    __tablename__ = "worker_folder"

    path: Mapped[str] = mapped_column(primary_key=True)
    mark: Mapped[str] = mapped_column(
        primary_key=True, comment="what the folder itself holds: another folder, another mark"
    )
    host: Mapped[str] = mapped_column(primary_key=True, comment="the worker that used it")
    seen_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
