"""The folder of one installation on the host: its settings and its state."""

import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ofitec.errors import InputError

_DEFAULTS = {
    "ODOO_DB": "odoo",
    "ODOO_WORKERS": "2",  # processes that answer requests, until `plan-workers` chose another number
    "ODOO_CRON_THREADS": "1",
    "ODOO_SMOKE_LOGIN": "ofitec-smoke",
    "ODOO_ROBOT_LOGIN": "ofitec-robot",  # Airflow's own account in Odoo
    "OFITEC_OPERATORS_PORT": "8068",
    "OFITEC_HTTP_PORT": "8069",
    "OFITEC_BOOT_SECONDS": "180",  # a new Odoo must answer within this time
    "OFITEC_DRAIN_SECONDS": "60",  # running requests of the old colour may take this long
    "OFITEC_HOLD_SECONDS": "0",  # so long requests wait in an upgrade before the maintenance page comes; 30 at most
    "OFITEC_IMAGES": "",  # repositories whose images may run here, by comma; empty: those that have served
    "OFITEC_KEEP_DAYS": "7",  # a database from before an upgrade is kept this long
}


@dataclass(frozen=True)
class Home:
    """`root` holds docker-compose.yml, .env, secrets/ and state/."""

    root: Path
    settings: Mapping[str, str]

    @classmethod
    def open(cls, root: Path) -> "Home":
        """Read the settings of an installation.

        :raises InputError: if the folder holds no docker-compose.yml
        """
        if not (root / "docker-compose.yml").is_file():
            raise InputError(f"{root} holds no docker-compose.yml. Name the installation's folder with --home.")
        file = root / ".env"
        found = parse_env(file.read_text()) if file.exists() else {}
        return cls(root, {**_DEFAULTS, **found})

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def database(self) -> str:
        """The name under which users' data is always found, whatever release serves."""
        return self.settings["ODOO_DB"]

    def count(self, name: str) -> int:
        """A setting that is a whole number.

        :raises InputError: if it is none
        """
        try:
            return int(self.settings[name])
        except ValueError:
            raise InputError(f"{name} in {self.root / '.env'} is no whole number. Correct it.") from None

    def seconds(self, name: str) -> float:
        """A setting in seconds.

        :raises InputError: if it is no number
        """
        try:
            return float(self.settings[name])
        except ValueError:
            raise InputError(f"{name} in {self.root / '.env'} is no number of seconds. Correct it.") from None


def parse_env(text: str) -> dict[str, str]:
    """The KEY=VALUE lines of an environment file; comments, blank lines and quotes around a value fall away."""
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line and not line.lstrip().startswith("#"))
    return {key.strip(): value.strip().strip("\"'") for key, value in pairs}


def say(text: str) -> None:
    """One line of progress on standard error, which may be a file on a full disk: that stops nothing."""
    with suppress(OSError):
        sys.stderr.write(text + "\n")
