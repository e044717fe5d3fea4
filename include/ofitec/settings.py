"""The one place that reads settings: environment variables `OFITEC_*`. Secrets live in Airflow connections."""

from functools import lru_cache
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, field_validator
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

    # Board and metrics
    metrics_token_file: Path | None = Field(
        default=None, description="File with the bearer token that reading /ofitec/metrics needs; empty: nobody may"
    )
    alertmanager_url: str = Field(
        default="", description="Address of Alertmanager as the API server reaches it, for the board's firing alerts"
    )

    @field_validator("odoo_url", "export_link_base", "runbook_url", "alertmanager_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError(f"must start with http:// or https://, not {value!r}")
        return value.rstrip("/")

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
