"""`.local/stack.json`: where a running demo's services are and how to log in, for scripts and outside checks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dev.stack.local_stack import LEDGER_DATABASE, LocalStack
from dev.stack.machine.paths import LOCAL
from ofitec.whole_file import write_whole

FILE = LOCAL / "stack.json"


def describe(stack: LocalStack) -> dict[str, Any]:
    """The running stack as plain data. It holds passwords."""
    return {
        "airflow": {"url": stack.airflow.url, "user": stack.airflow.user, "password": stack.airflow.password},
        "odoo": {
            "url": stack.odoo.url,
            "db": stack.odoo.database,
            "login": "admin",
            "password": stack.credentials.odoo_admin,
            "series": stack.odoo.series,
        },
        "ledger": stack.postgres.dsn(LEDGER_DATABASE, "ofitec"),
        "export_url": stack.export_url,
        "s3": {
            "endpoint_url": stack.s3.url,
            "access_key": stack.credentials.s3_access_key,
            "secret_key": stack.credentials.s3_secret_key,
        },
        "slack_sink": str(stack.slack_sink.file),
        "restic": {
            "repository": str(stack.restic_repository),
            "password_file": str(stack.restic_password_file),
        },
        "period": stack.period,
    }


def write(stack: LocalStack) -> Path:
    """Writes the description (0600) and returns its path."""
    write_whole(FILE, json.dumps(describe(stack), indent=2) + "\n")
    return FILE


def forget() -> None:
    """Removes the description: nothing is running any more."""
    FILE.unlink(missing_ok=True)
