"""The installation's secrets: made once, kept in files, never shown."""

import base64
import hashlib
import hmac
import json
import secrets

from ofitec.deploy.host.machine.proxy import Proxy
from ofitec.deploy.host.record.home import Home, parse_env
from ofitec.whole_file import write_whole

_WORDS = (
    "postgres_password", "odoo_db_password", "odoo_admin_password", "odoo_robot_password",
    "odoo_smoke_password", "airflow_db_password",
    "ofitec_db_password", "airflow_admin_password", "airflow_secret_key", "redis_password",
    "ofitec_metrics_token", "monitoring_db_password", "grafana_admin_password",
)  # fmt: skip


def make(home: Home) -> dict[str, list[str]]:
    """Make every secret that is missing (0600), the state folders, and OFITEC_UID and OFITEC_GID in .env.

    :return: {"made": names}; never a value
    """
    home.secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = []
    values = {name: secrets.token_urlsafe(48) for name in _WORDS}
    values["airflow_jwt_key"] = ed25519()
    values["airflow_fernet_key"] = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    for name, value in values.items():
        if not (home.secrets / name).exists():
            write_whole(home.secrets / name, value, 0o600)
            made.append(name)
    # Airflow's connections hold passwords made above, so they are made last
    if not (home.secrets / "airflow_connections.json").exists():
        write_whole(home.secrets / "airflow_connections.json", _connections(home), 0o600)
        made.append("airflow_connections.json")
    _own(home)
    Proxy(home).prepare()
    return {"made": made}


def _connections(home: Home) -> str:
    def read(name: str) -> str:
        return (home.secrets / name).read_text().strip()

    def postgres(login: str, database: str, secret: str) -> dict[str, object]:
        return {"conn_type": "postgres", "host": "db", "port": 5432, "schema": database, "login": login,
                "password": read(secret)}  # fmt: skip

    odoo = {"conn_type": "generic", "host": "proxy", "port": 8069, "login": home.settings["ODOO_ROBOT_LOGIN"],
            "password": read("odoo_robot_password"), "extra": {"database": home.database}}  # fmt: skip
    return json.dumps(
        {
            "ofitec_ledger": postgres("ofitec", "ofitec", "ofitec_db_password"),
            "odoo_db": postgres("odoo", home.database, "odoo_db_password"),
            "odoo_default": odoo,
        },
        indent=1,
    )


def _own(home: Home) -> None:
    """HAProxy runs as the owner of the installation, who alone may use its socket."""
    file = home.root / ".env"
    text = file.read_text() if file.exists() else ""
    owner = home.root.stat()
    lacking = {"OFITEC_UID": owner.st_uid, "OFITEC_GID": owner.st_gid}
    lines = [f"{name}={value}\n" for name, value in lacking.items() if name not in parse_env(text)]
    if lines:
        write_whole(file, text + ("" if text.endswith("\n") or not text else "\n") + "".join(lines), 0o600)


def ed25519() -> str:
    """A new private key as PEM (RFC 8410): any 32 bytes are one, so no program is needed to make it."""
    der = bytes.fromhex("302e020100300506032b657004220420") + secrets.token_bytes(32)
    return f"-----BEGIN PRIVATE KEY-----\n{base64.b64encode(der).decode()}\n-----END PRIVATE KEY-----\n"


def scram(password: str) -> str:
    """PostgreSQL's SCRAM-SHA-256 verifier (RFC 5802): so the server and its log never see the password itself."""
    salt, rounds = secrets.token_bytes(16), 4096
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
    client = hmac.digest(salted, b"Client Key", "sha256")
    parts = (salt, hashlib.sha256(client).digest(), hmac.digest(salted, b"Server Key", "sha256"))
    shown = [base64.b64encode(part).decode() for part in parts]
    return f"SCRAM-SHA-256${rounds}:{shown[0]}${shown[1]}:{shown[2]}"
