"""Builds the pgBackRest client from the Airflow connection `pgbackrest_default`.

The connection holds the repository's pass phrase (password) and place: a folder (host), or what pgBackRest calls its
repository's options, without "repo1-", as extra `repository`, e.g. {"type": "s3", "path": "/odoo", "s3-bucket": ...}.
Keys of S3 that it lacks come from the AWS connection named by extra `aws_conn_id` (`aws_default`).
"""

from ofitec.clients.pgbackrest import Pgbackrest
from ofitec.connections import connection
from ofitec.errors import InputError
from ofitec.settings import settings

CONN_ID = "pgbackrest_default"
_SHORTEST = 20  # characters of the pass phrase: what is encrypted can be tried for ever by whoever holds it


def pgbackrest() -> Pgbackrest:
    """The archive's repository.

    :raises InputError: if the connection is missing or lacks a part
    """
    conn, chosen = connection(CONN_ID), settings()
    extra = conn.extra_dejson
    given = extra.get("repository") or ({"path": conn.host} if conn.host else {})
    if not isinstance(given, dict) or not str(given.get("path") or "").startswith("/"):
        raise InputError(
            f"Airflow connection {CONN_ID} lacks the repository: a folder as its host, or extra.repository with "
            'pgBackRest\'s own options, "path" among them, which begins with a slash (docs/continuous.md).'
        )
    repository = {str(name).removeprefix("repo1-"): str(value) for name, value in given.items()}
    if repository.get("type") == "s3" and "s3-key" not in repository and "s3-key-type" not in repository:
        repository |= _aws(str(extra.get("aws_conn_id") or "aws_default"))
    if len(conn.password or "") < _SHORTEST:
        raise InputError(
            f"Airflow connection {CONN_ID} lacks a password of {_SHORTEST} characters or more: the pass phrase that "
            "encrypts the repository."
        )
    return Pgbackrest(
        repository=repository,
        passphrase=conn.password or "",
        stanza=str(extra.get("stanza") or "odoo"),
        days=chosen.continuous_days,
        binary=chosen.pgbackrest,
        whole=chosen.backup_timeout,
    )


def _aws(conn_id: str) -> dict[str, str]:
    conn = connection(conn_id)
    token = conn.extra_dejson.get("aws_session_token")
    values = {"s3-key": conn.login, "s3-key-secret": conn.password, "s3-token": token}
    return {name: str(value) for name, value in values.items() if value}
