"""The connection types of this package as data: which labelled fields Airflow's form shows for each.

The labels are Spanish, as the form around them is for people in Chile.
"""

from typing import Any, NamedTuple

PROTOCOLS = ["jsonrpc", "jsonrpc+ssl"]
# Environment variables of restic's storages that a connection may carry as fields: field `azure_account_key` is
# AZURE_ACCOUNT_KEY. Those of S3 come from an AWS connection instead.
STORAGE_FIELDS: dict[str, dict[str, Any]] = {
    "restic_rest_username": {"label": "Servidor REST: usuario"},
    "restic_rest_password": {"label": "Servidor REST: clave", "secret": True},
    "azure_account_name": {"label": "Azure: cuenta de almacenamiento"},
    "azure_account_key": {"label": "Azure: llave de la cuenta", "secret": True},
    "google_project_id": {"label": "Google: proyecto"},
    "google_application_credentials": {"label": "Google: ruta del archivo de credenciales en el worker"},
    "b2_account_id": {"label": "Backblaze B2: id de la llave"},
    "b2_account_key": {"label": "Backblaze B2: llave", "secret": True},
}


def _field(label: str, description: str = "", *, secret: bool = False, **schema: Any) -> dict[str, Any]:
    """One field that Airflow keeps in the connection's extra."""
    shown = {"type": ["string", "null"], **({"format": "password"} if secret else {}), **schema}
    return {"label": label, "description": description, "schema": shown}


def _type(
    name: str, title: str, hook: str, *, hidden: list[str], labels: dict[str, str], examples: dict[str, str],
    fields: dict[str, Any],
) -> dict[str, Any]:  # fmt: skip
    return {
        "connection-type": name,
        "hook-class-name": f"ofitec.package.hooks.{hook}",
        "hook-name": title,
        "ui-field-behaviour": {"hidden-fields": hidden, "relabeling": labels, "placeholders": examples},
        "conn-fields": fields,
    }


CONNECTION_TYPES: list[dict[str, Any]] = [
    _type(
        "odoo",
        "Odoo",
        "OdooHook",
        hidden=["schema", "extra"],
        labels={"login": "Usuario del robot", "password": "Clave o API key del robot"},
        examples={"host": "odoo.example.cl", "port": "8069, o 443 con TLS", "login": "ofitec_bot"},
        fields={
            "database": _field("Base de datos", "Nombre de la base de Odoo", minLength=1),
            "protocol": _field(
                "Protocolo", "jsonrpc+ssl si a Odoo se llega por https", enum=PROTOCOLS, default=PROTOCOLS[0]
            ),
        },
    ),
    _type(
        "restic",
        "Repositorio restic",
        "ResticHook",
        hidden=["host", "port", "login", "schema", "extra"],
        labels={"password": "Clave del repositorio (o indique su archivo abajo)"},
        examples={},
        fields={
            "repository": _field(
                "Repositorio",
                "Como lo pide restic: /backups/odoo, s3:https://host/bucket, rest:https://host/, sftp:user@host:/dir, "
                "gs:bucket:/ o azure:container:/. Vacío: la variable OFITEC_RESTIC_REPOSITORY",
            ),
            "password_file": _field(
                "Archivo de la clave", "Ruta en el worker; secrets_rotate solo puede cambiar la clave ahí"
            ),
            "aws_conn_id": _field(
                "S3: conexión AWS", "Conexión con las llaves de un repositorio s3:", default="aws_default"
            ),
            **{
                name: _field(about["label"], secret=about.get("secret", False))
                for name, about in STORAGE_FIELDS.items()
            },
        },
    ),
    _type(
        "odoo_host",
        "Host de Odoo (SSH)",
        "HostHook",
        hidden=["schema", "extra", "password"],
        labels={"login": "Usuario en el host"},
        examples={"host": "odoo-host.example.cl", "port": "22", "login": "ofitec"},
        fields={
            "host_key": _field(
                "Llave del host",
                "Lo que imprime `ssh-keyscan -t ed25519 HOST` tras el nombre; compárela con la del propio host",
            ),
            "key_file": _field("Archivo de la llave privada", "Ruta en el worker"),
            "private_key": _field("Llave privada", "En vez de un archivo", secret=True),
            "private_key_passphrase": _field("Clave de la llave privada", secret=True),
        },
    ),
]


class Connection(NamedTuple):
    """A connection that this package looks up by its id. ``needed``: what does not work without it."""

    id: str
    type: str
    holds: str
    needed: str


CONNECTIONS = (
    Connection("odoo_default", "odoo", "Odoo, as a robot whose only group is «F29: calcular»", "the F29, the board"),
    Connection(
        "ofitec_ledger",
        "postgres",
        "a PostgreSQL database of its own; schema `ofitec` is made and migrated by the package",
        "everything",
    ),
    Connection("slack_default", "slackwebhook", "an incoming webhook: its token as the password", "every message"),
    Connection(
        "aws_default", "aws", "keys or role; extra `endpoint_url` for S3-compatible servers", "an s3:// address"
    ),
    Connection(
        "odoo_db", "postgres", "Odoo's database with the role that owns it; CREATEDB where copies are made", "backups"
    ),
    Connection("restic_default", "restic", "the restic repository and its password, or the password's file", "backups"),
    Connection(
        "restic_second",
        "restic",
        "a second repository on another storage, with its own password and keys",
        "copies of backups",
    ),
    Connection(
        "pgbackrest_default",
        "generic",
        "the repository of PostgreSQL's WAL: its pass phrase as the password, its folder as the host or its options in "
        "the extra",
        "`OFITEC_CONTINUOUS`",
    ),
    Connection("odoo_staging", "generic", "the password of all users of the staging copy", "`OFITEC_STAGING`"),
    Connection("odoo_host", "odoo_host", "Odoo's docker host over SSH, its host key pinned", "deploys"),
    Connection("smtp_default", "smtp", "the mail server for alerts that Slack does not take", "`OFITEC_ALERT_EMAIL`"),
    Connection(
        "ping_default",
        "generic",
        "a dead man's switch outside (healthchecks.io): its ping key as the password; host, if it is not "
        "`https://hc-ping.com`",
        "pings of scheduled DAGs",
    ),
)
