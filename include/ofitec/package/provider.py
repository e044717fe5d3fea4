"""The entry point `apache_airflow_provider`: tells Airflow of the connection types and the command line.

Airflow reads it in every process, so nothing heavy is imported here. The board has an entry point of its own
(`airflow.plugins`): Airflow loads plugins that a provider names only if told not to be lazy.
"""

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ofitec.package.connection_types import CONNECTION_TYPES

DISTRIBUTION = "ofitec-ops"


def package_version() -> str:
    """The installed wheel's version, "0" in a checkout that is not installed."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "0"


def get_provider_info() -> dict[str, Any]:
    """This package as Airflow's provider schema wants it (airflow/provider_info.schema.json)."""
    return {
        "package-name": DISTRIBUTION,
        "name": "OFITEC ops",
        "description": "Fiscal and operations calendar of a Chilean company on Odoo: F29, backups, deploys, alerts",
        "connection-types": CONNECTION_TYPES,
        "hooks": [{"integration-name": "OFITEC ops", "python-modules": ["ofitec.package.hooks"]}],
        "integrations": [{"integration-name": "OFITEC ops", "tags": ["service"]}],
        "cli": ["ofitec.package.command_line.get_commands"],
    }
