"""Passwords and keys of one stack: generated on its first start, kept in one 0600 file of its state."""

from __future__ import annotations

import base64
import json
import secrets
import string
from dataclasses import asdict, dataclass

from dev.stack.machine.paths import Place
from ofitec.whole_file import write_whole


@dataclass(frozen=True)
class Credentials:
    """Everything secret in one stack. Never printed except the two passwords a person logs in with."""

    postgres: str
    odoo_db: str
    airflow_db: str
    ledger_db: str
    odoo_master: str
    odoo_admin: str
    odoo_bot: str
    airflow_admin: str
    airflow_fernet_key: str
    airflow_jwt_secret: str
    airflow_secret_key: str
    s3_access_key: str
    s3_secret_key: str
    restic: str

    def __repr__(self) -> str:
        return "Credentials(***)"


def _typable() -> str:
    """A password of 71 bits that a person can type: letters and digits only."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(12))


def _awkward() -> str:
    """As people and password managers make them: with characters that URLs, shells and INI files read in their way."""
    return f"{secrets.token_urlsafe(16)}&/{secrets.token_urlsafe(8)}='+"


def generate() -> Credentials:
    return Credentials(
        postgres=_awkward(),
        odoo_db=_awkward(),
        airflow_db=_awkward(),
        ledger_db=_awkward(),
        odoo_master=secrets.token_urlsafe(24),
        odoo_admin=_typable(),
        odoo_bot=secrets.token_urlsafe(24),
        airflow_admin=_typable(),
        airflow_fernet_key=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        airflow_jwt_secret=secrets.token_urlsafe(64),
        airflow_secret_key=secrets.token_urlsafe(32),
        s3_access_key=secrets.token_hex(10),
        s3_secret_key=secrets.token_urlsafe(30),
        restic=_awkward(),
    )


def of(place: Place) -> Credentials:
    """The credentials of `place`: read, or generated and written (0600) when there are none."""
    file = place.dir / "credentials.json"
    if file.exists():
        return Credentials(**json.loads(file.read_text()))
    made = generate()
    write_whole(file, json.dumps(asdict(made), indent=1))
    return made
