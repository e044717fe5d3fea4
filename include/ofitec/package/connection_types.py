"""The connection types of this package as data: which labelled fields Airflow's form shows for each."""

from typing import Any, NamedTuple

PROTOCOLS = ["jsonrpc", "jsonrpc+ssl"]
# Environment variables of restic's storages that a connection may carry as fields: field `azure_account_key` is
# AZURE_ACCOUNT_KEY. Those of S3 come from an AWS connection instead.
STORAGE_FIELDS: dict[str, dict[str, Any]] = {
    "restic_rest_username": {"label": "REST server: user"},
    "restic_rest_password": {"label": "REST server: password", "secret": True},
    "azure_account_name": {"label": "Azure: storage account"},
    "azure_account_key": {"label": "Azure: account key", "secret": True},
    "google_project_id": {"label": "Google: project"},
    "google_application_credentials": {"label": "Google: path of the credentials file on the worker"},
    "b2_account_id": {"label": "Backblaze B2: key id"},
    "b2_account_key": {"label": "Backblaze B2: key", "secret": True},
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
        labels={"login": "Robot's user", "password": "Robot's password or API key"},
        examples={"host": "odoo.example.cl", "port": "8069, or 443 with TLS", "login": "ofitec_bot"},
        fields={
            "database": _field("Database", "Name of Odoo's database", minLength=1),
            "protocol": _field(
                "Protocol", "jsonrpc+ssl when Odoo is reached by https", enum=PROTOCOLS, default=PROTOCOLS[0]
            ),
        },
    ),
    _type(
        "restic",
        "restic repository",
        "ResticHook",
        hidden=["host", "port", "login", "schema", "extra"],
        labels={"password": "Repository password (or name its file below)"},
        examples={},
        fields={
            "repository": _field(
                "Repository",
                "As restic wants it: /backups/odoo, s3:https://host/bucket, rest:https://host/, sftp:user@host:/dir, "
                "gs:bucket:/ or azure:container:/. Empty: the setting OFITEC_RESTIC_REPOSITORY",
            ),
            "password_file": _field(
                "Password file", "Path on the worker; secrets_rotate can change the password only there"
            ),
            "aws_conn_id": _field(
                "S3: AWS connection", "Connection that holds the keys of an s3: repository", default="aws_default"
            ),
            **{
                name: _field(about["label"], secret=about.get("secret", False))
                for name, about in STORAGE_FIELDS.items()
            },
        },
    ),
    _type(
        "odoo_host",
        "Odoo's host (SSH)",
        "HostHook",
        hidden=["schema", "extra", "password"],
        labels={"login": "User on the host"},
        examples={"host": "odoo-host.example.cl", "port": "22", "login": "ofitec"},
        fields={
            "host_key": _field(
                "Host key", "What `ssh-keyscan -t ed25519 HOST` prints after the name; compare it with the host's own"
            ),
            "key_file": _field("Private key file", "Path on the worker"),
            "private_key": _field("Private key", "Instead of a file", secret=True),
            "private_key_passphrase": _field("Passphrase of the private key", secret=True),
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
    Connection("odoo_host", "odoo_host", "Odoo's docker host over SSH, its host key pinned", "deploys"),
    Connection("smtp_default", "smtp", "the mail server for alerts that Slack does not take", "`OFITEC_ALERT_EMAIL`"),
)
