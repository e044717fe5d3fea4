"""Settings, Airflow's version, the DAGs, the clock."""

import json
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from ofitec.doctor.findings import Unused
from ofitec.errors import InputError, PermanentError
from ofitec.ledger.store import open_ledger, revision
from ofitec.settings import settings

SUPPORTED = (3, 3)
_SKEW = 60.0  # seconds that two clocks may differ


def read_settings() -> str:
    """Validate the settings."""
    chosen = settings()
    return f"valid; this installation is called {chosen.env!r} and lives in {chosen.timezone}"


def airflow_version() -> str:
    """Airflow's own version against the ones this package is tested with."""
    from airflow import __version__

    major, minor = (int(part) for part in __version__.split(".")[:2])
    if (major, minor) != SUPPORTED:
        raise PermanentError(
            f"Airflow {__version__} runs here and this package is tested with {'.'.join(map(str, SUPPORTED))}.x: "
            "install that one, with the versions of requirements.txt."
        )
    return f"Airflow {__version__}"


def dag_bundle() -> str:
    """Whether some DAG bundle of Airflow's configuration serves this package's DAGs."""
    from airflow.configuration import conf

    configured = json.loads(conf.get("dag_processor", "dag_bundle_config_list"))
    for bundle in configured:
        if bundle["classpath"] == "ofitec.package.bundle.OfitecDagBundle":
            return f"served by the bundle {bundle['name']!r}"
        folder = (bundle.get("kwargs") or {}).get("path") or conf.get("core", "dags_folder")
        if (Path(folder) / "f29_monthly.py").exists():
            return f"served from {folder}"
    raise InputError(
        "No DAG bundle serves this package's DAGs. Set AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST="
        '\'[{"name": "ofitec", "classpath": "ofitec.package.bundle.OfitecDagBundle", "kwargs": {}}]\' '
        "for every component."
    )


def ledger() -> str:
    """Open the ledger; this also brings its schema up to date."""
    with open_ledger().engine.connect() as conn:
        current = revision(conn)
        conn.execute(text("SELECT count(*) FROM ofitec.notification"))
    return f"answers, schema at revision {current}"


def clock() -> str:
    """This machine's clock against the ledger's."""
    with open_ledger().engine.connect() as conn:
        theirs = conn.execute(text("SELECT clock_timestamp()")).scalar_one()
    now = datetime.now(UTC)
    apart = abs((now - theirs).total_seconds())
    if apart > _SKEW:
        raise PermanentError(
            f"This machine's clock is {apart:.0f} s off the ledger's: backups and due dates would be wrong. "
            "Switch time synchronisation on (timedatectl set-ntp true) on both."
        )
    return f"{now.astimezone(settings().zone):%d-%m-%Y %H:%M} in {settings().timezone}, {apart:.1f} s off the ledger's"


def metrics_token() -> str:
    """The file with the token that Prometheus shows."""
    file = settings().metrics_token_file
    if file is None:
        raise Unused("OFITEC_METRICS_TOKEN_FILE is empty: nobody may read /ofitec/metrics, so no Prometheus rule works")
    try:
        token = file.read_text().strip()
    except OSError as error:
        raise InputError(
            f"{file} cannot be read: {error.strerror}. Check OFITEC_METRICS_TOKEN_FILE and the file's mode."
        ) from None
    if not token:
        raise InputError(f"{file} is empty. Write a long random token into it, the same that Prometheus uses.")
    return f"{file} holds a token"
