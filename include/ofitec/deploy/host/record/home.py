"""The folder of one installation on the host: its settings, its state, and how a file is written there."""

import os
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ofitec.errors import InputError

COLOURS = ("blue", "green")

_DEFAULTS = {
    "ODOO_DB": "odoo",
    "ODOO_SMOKE_LOGIN": "ofitec-smoke",
    "OFITEC_OPERATORS_PORT": "8068",
    "OFITEC_HTTP_PORT": "8069",
    "OFITEC_BOOT_SECONDS": "180",  # a new Odoo must answer within this time
    "OFITEC_DRAIN_SECONDS": "60",  # running requests of the old colour may take this long
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


def write_whole(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file whole or not at all, and have it on the disk before returning: a power cut leaves old or new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            os.fchmod(out.fileno(), mode)
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
