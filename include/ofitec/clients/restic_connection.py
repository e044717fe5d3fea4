"""Builds the restic client from an Airflow connection (`restic_default`).

The connection holds the repository's address (extra `repository`, or host for a folder; RESTIC_REPOSITORY if it has
neither), its password (password, or extra `password_file`), and the storage's credentials (the form's fields or extra
`env`, or for s3: the AWS connection named by extra `aws_conn_id`, `aws_default` if none is named).
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ofitec.clients.restic import Limits, Restic
from ofitec.connections import connection
from ofitec.errors import InputError
from ofitec.package.connection_types import STORAGE_FIELDS
from ofitec.settings import settings

if TYPE_CHECKING:
    from airflow.sdk import Connection


def restic(conn_id: str = "restic_default") -> Restic:
    """The repository of a connection, with the limits of the settings.

    :raises InputError: if the connection is missing or lacks a part, or its password file cannot be read
    """
    conn, chosen = connection(conn_id), settings()
    extra = conn.extra_dejson
    repository = str(extra.get("repository") or conn.host or chosen.restic_repository)
    if not repository:
        raise InputError(
            f"Airflow connection {conn_id} lacks extra.repository, the restic repository's address "
            "(or set RESTIC_REPOSITORY)."
        )
    env, secrets = _storage(repository, extra)
    hide: tuple[str, ...] = ()
    path = password_file(conn)
    if path:
        env["RESTIC_PASSWORD_FILE"] = str(path)
        hide = (_read(conn_id, path),)
    elif conn.password:
        secrets["RESTIC_PASSWORD"] = conn.password
    else:
        raise InputError(f"Airflow connection {conn_id} lacks a password or extra.password_file.")
    return Restic(
        repository=repository,
        secrets=secrets,
        env=env,
        hide=hide,
        host=chosen.backup_host,
        binary=chosen.restic,
        cache=Path(chosen.work_dir) / "restic-cache",
        limits=Limits(chosen.backup_timeout, chosen.restic_open_timeout, chosen.restic_stall_timeout),
    )


def password_file(conn: "Connection") -> Path | None:
    """The file that holds the repository's password, if the connection names one."""
    named = conn.extra_dejson.get("password_file")
    return Path(named) if named else None


def _read(conn_id: str, path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError as error:
        raise InputError(
            f"The password file {path} of connection {conn_id} cannot be read: {error.strerror}."
        ) from None


def _storage(repository: str, extra: dict[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """Environment for the storage: plain and secret."""
    given = {name.upper(): str(extra[name]) for name in STORAGE_FIELDS if extra.get(name)}
    given |= {str(name): str(value) for name, value in (extra.get("env") or {}).items()}
    if not given and repository.startswith("s3:"):
        given = _aws(str(extra.get("aws_conn_id") or "aws_default"))
    # all of it is scrubbed, except names of files and regions, which messages may need
    plain = {name: value for name, value in given.items() if name.endswith(("_FILE", "_CREDENTIALS", "_REGION"))}
    secret = {name: value for name, value in given.items() if name not in plain}
    return plain, secret


def _aws(conn_id: str) -> dict[str, str]:
    conn = connection(conn_id)
    region = conn.extra_dejson.get("region_name")
    values = {
        "AWS_ACCESS_KEY_ID": conn.login,
        "AWS_SECRET_ACCESS_KEY": conn.password,
        "AWS_SESSION_TOKEN": conn.extra_dejson.get("aws_session_token"),
        "AWS_DEFAULT_REGION": region,
    }
    return {name: value for name, value in values.items() if value}
