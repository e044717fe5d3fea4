"""The one place that reads settings: environment variables `OFITEC_*`. Secrets live in Airflow connections."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import AliasChoices, Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from ofitec.errors import InputError


class Settings(BaseSettings):
    """Validated settings. Each field is the environment variable `OFITEC_<FIELD>`; `.env.example` lists them all."""

    model_config = SettingsConfigDict(env_prefix="OFITEC_", env_ignore_empty=True, frozen=True)

    env: str = Field(
        default="production",
        pattern=r"^[a-z0-9-]{1,30}$",
        description="Name of this installation, in tags and alerts",
    )
    export_url: str = Field(
        default="file:///opt/airflow/exports",
        pattern=r"^(file:///|s3://)[^\s?#]+$",
        description="Where F29 files are delivered: file:///folder or s3://<aws connection>@bucket/prefix",
    )
    export_link_base: str = Field(
        default="", description="Web address under which a person can open the delivered files"
    )
    odoo_url: str = Field(default="", description="Web address of Odoo as people open it, for links in Slack")
    runbook_url: str = Field(
        default="https://github.com/ofitec/ofitec-ops/blob/main/docs/runbooks",
        description="Web address of the runbooks' folder, for links in alerts",
    )
    timezone: Literal["America/Santiago", "America/Punta_Arenas", "Pacific/Easter"] = "America/Santiago"
    alert_email: str = Field(default="", description="Address that gets the alerts which Slack does not take")
    odoo_timeout: int = Field(default=300, ge=5, le=3600, description="Seconds to wait for one answer of Odoo")
    f29_branches: int = Field(
        default=8,
        ge=1,
        le=500,
        description="Tasks among which f29_monthly and rcv_reconcile share companies; up to so many each has its own",
    )

    # Approvals
    approvers: str = Field(
        default="",
        description="Accounts in Airflow whose yes counts for deploys, rollbacks and restores, separated by commas; "
        "empty: of everybody whom Airflow lets answer",
    )
    four_eyes: bool | None = Field(
        default=None,
        description="Whether whoever asked for it may not approve it (true or false); empty: true where approvers are "
        "named, else false",
    )

    # Board and metrics
    metrics_token_file: Path | None = Field(
        default=None, description="File with the bearer token that reading /ofitec/metrics needs; empty: nobody may"
    )
    alertmanager_url: str = Field(
        default="", description="Address of Alertmanager as the API server reaches it, for the board's firing alerts"
    )

    # Backups
    filestore: Path = Field(
        default=Path("/var/lib/odoo/filestore/odoo"),
        description="Odoo's filestore of the database of connection odoo_db",
    )
    work_dir: Path = Field(
        default=Path("/var/tmp/ofitec"),  # noqa: S108 - made with mode 0700
        description="Folder for restic's cache and restored copies; a proof needs the size of database and filestore",
    )
    restic_repository: str = Field(
        default="",
        validation_alias=AliasChoices("OFITEC_RESTIC_REPOSITORY", "RESTIC_REPOSITORY"),
        description="The restic repository's address, if connection restic_default does not name it",
    )
    restic: str = Field(default="restic", description="The restic program (0.17 or newer)")
    pg_bin: str = Field(default="", description="Folder of pg_dump and pg_restore; empty: found on PATH")
    odoo_command: str = Field(
        default="",
        description="How to run Odoo on a copy, e.g. 'odoo --addons-path=/mnt/addons'; without it proofs boot none",
    )
    backup_host: str = Field(
        default="odoo", pattern=r"^[A-Za-z0-9.-]{1,60}$", description="Fixed host name that snapshots carry"
    )
    backup_timeout: int = Field(default=21600, ge=10, description="Seconds that one restic command may take")
    restic_open_timeout: int = Field(default=120, ge=2, description="Seconds to wait for the repository to answer")
    restic_stall_timeout: int = Field(
        default=600, ge=2, description="Seconds without progress before restic is stopped"
    )
    restic_lock_stale: int = Field(
        default=660,
        ge=1,
        description="Seconds after which a lock that nobody refreshed is dead (restic refreshes each 300)",
    )
    backup_lock_timeout: int = Field(
        default=60, ge=1, description="Seconds to wait for Odoo's own file cleaning or a module upgrade to end"
    )
    backup_exclusive_wait: int = Field(
        default=3600, ge=0, description="Seconds to wait while a deploy, a proof or another backup works"
    )
    backup_min_bytes: int = Field(default=1_000_000, ge=0, description="A dump below this size is not believed")
    backup_missing_files: int = Field(
        default=0, ge=0, description="Attachments whose file is known to be lost; more than that stops the backup"
    )
    keep_daily: int = Field(default=7, ge=0, description="Daily backups to keep")
    keep_weekly: int = Field(default=4, ge=0, description="Weekly backups to keep")
    keep_monthly: int = Field(default=6, ge=0, description="Monthly backups to keep")
    keep_floor: int = Field(default=3, ge=1, description="So many newest backups stay whatever the retention says")
    prune_connection: str = Field(
        default="restic_default",
        validate_default=True,
        description="Connection whose credentials may delete; set and empty: nothing is ever removed (append-only)",
    )
    second_keep_daily: int = Field(default=7, ge=0, description="Daily copies to keep in the second repository")
    second_keep_weekly: int = Field(default=4, ge=0, description="Weekly copies to keep in the second repository")
    second_keep_monthly: int = Field(default=12, ge=0, description="Monthly copies to keep in the second repository")
    second_prune_connection: str = Field(
        default="restic_second",
        validate_default=True,
        description="As OFITEC_PRUNE_CONNECTION, for the second repository (connection restic_second)",
    )
    restore_jobs: int = Field(default=2, ge=1, le=64, description="Parallel jobs of pg_restore")
    scratch_connection: str = Field(
        default="odoo_db", description="PostgreSQL on which proofs are restored; its role needs CREATEDB"
    )

    # Between two nights
    continuous: bool = Field(
        default=False,
        description="Whether backup_continuous works: PostgreSQL's WAL and the filestore every few minutes, so that "
        "backup_restore can return to a moment; off: it does nothing",
    )
    continuous_days: int = Field(default=7, ge=1, le=365, description="How many days back a moment can be restored")
    continuous_base_hours: int = Field(
        default=24, ge=1, le=168, description="Hours after which a base backup is made: what changed since the last one"
    )
    continuous_full_days: int = Field(default=7, ge=1, le=35, description="Days after which it is a full one")
    pgbackrest: str = Field(default="pgbackrest", description="The pgBackRest program (2.45 or newer)")
    pgbackrest_data: Path | None = Field(
        default=None,
        description="Data directory of Odoo's PostgreSQL, where the worker is on its machine and runs as its user or "
        "as root: then backup_continuous makes the base backups; empty: a timer on that machine does",
    )

    # Staging
    staging: bool = Field(
        default=False,
        description="Whether odoo_staging keeps the night's proven copy as a masked staging database; off: it does "
        "nothing",
    )
    staging_unknown: Literal["warn", "refuse"] = Field(
        default="warn",
        description="What columns that look like people's data and have no rule do to a staging copy: warn (it stands, "
        "Slack says which) or refuse (yesterday's stays)",
    )
    staging_rules: Path | None = Field(
        default=None,
        description="CSV file with masking rules of one's own, table,column,kind, over those of the package",
    )
    staging_url: str = Field(default="", description="Web address of the staging Odoo, for the links that it writes")

    # Deploys
    host_home: str = Field(
        default="/opt/ofitec",
        pattern=r"^/[\w./-]+$",
        description="Folder of the installation on the host of connection odoo_host",
    )

    deploy_hours: str = Field(
        default="",
        pattern=r"^(([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d)?$",
        description="Hours in which a deploy may interrupt people, e.g. 22:00-06:00 in OFITEC_TIMEZONE; empty: any",
    )

    # Odoo's own load
    scale: Literal["off", "propose", "apply"] = Field(
        default="off", description="What odoo_scale does with Odoo's number of processes: off, propose or apply"
    )
    scale_min_workers: int = Field(default=2, ge=1, le=64, description="Fewest processes that odoo_scale leaves")
    scale_max_workers: int = Field(
        default=8, ge=1, le=64, validate_default=True, description="Most processes that odoo_scale gives"
    )
    scale_worker_mb: int = Field(
        default=325, ge=50, le=4096, description="Memory of one process in MB, Odoo's own estimate"
    )
    scale_slow_seconds: float = Field(
        default=1.0, ge=0.05, le=30, description="95 % of the requests should be answered within this time"
    )
    scale_watch_minutes: int = Field(
        default=15, ge=1, le=120, description="Minutes after which a change is judged, and taken back if it was worse"
    )
    scale_instance: str = Field(
        default="",
        pattern=r"^[\w.:-]*$",
        description="Odoo's host as Prometheus calls it (label instance of its node exporter), where it knows several",
    )
    prometheus_url: str = Field(
        default="",
        validate_default=True,
        description="Address of Prometheus as the workers reach it, for odoo_scale's readings",
    )

    @field_validator("odoo_url", "export_link_base", "runbook_url", "alertmanager_url", "prometheus_url", "staging_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError(f"must start with http:// or https://, not {value!r}")
        return value.rstrip("/")

    @field_validator("scale_max_workers")
    @classmethod
    def _not_below_the_fewest(cls, value: int, info: ValidationInfo) -> int:
        fewest = info.data.get("scale_min_workers", value)
        if value < fewest:
            raise ValueError(f"is {value}, less than OFITEC_SCALE_MIN_WORKERS, which is {fewest}")
        return value

    @field_validator("prometheus_url")
    @classmethod
    def _readings(cls, value: str, info: ValidationInfo) -> str:
        if not value and info.data.get("scale", "off") != "off":
            raise ValueError(f"OFITEC_SCALE={info.data['scale']} needs it, for example http://prometheus:9090")
        return value

    @field_validator("prune_connection", "second_prune_connection")
    @classmethod
    def _set_to_nothing(cls, value: str, field: ValidationInfo) -> str:
        # of these, set to nothing is not the same as not set
        return os.environ.get(f"OFITEC_{str(field.field_name).upper()}", value)

    @field_validator("filestore", "work_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        if not value.is_absolute():
            raise ValueError(f"must be an absolute path, not {str(value)!r}")
        return value

    @property
    def approver_names(self) -> tuple[str, ...]:
        """The accounts of `approvers`."""
        return tuple(name.strip() for name in self.approvers.split(",") if name.strip())

    @property
    def requester_refused(self) -> bool:
        """Whether the yes of whoever asked counts for nothing."""
        return bool(self.approver_names) if self.four_eyes is None else self.four_eyes

    @property
    def zone(self) -> ZoneInfo:
        """The company's time zone."""
        return ZoneInfo(self.timezone)


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Read and validate the settings once a process.

    :raises InputError: names each wrong variable and what it should hold
    """
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(f"OFITEC_{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors())
        raise InputError(f"Settings are wrong: {wrong}. Mend the environment (see .env.example) and restart.") from None
