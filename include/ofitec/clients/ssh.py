"""The client of the host that runs Odoo: commands over SSH, connection `odoo_host`, with a pinned host key only."""

import shlex
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from ofitec.connections import connection
from ofitec.errors import InputError, PermanentError, TransientError


class HostDown(TransientError):
    """The host does not answer, or the connection broke."""


class HostRefused(PermanentError):
    """The host is not the one that is pinned, or does not let us in."""


@dataclass(frozen=True)
class Finished:
    """How a command on the host ended."""

    returncode: int
    stdout: str
    stderr: str


class Host:
    """Runs commands on one host; a connection a command, so that a broken one costs no more than itself."""

    def __init__(self, conn_id: str) -> None:
        self._conn_id = conn_id

    @classmethod
    def from_connection(cls, conn_id: str = "odoo_host") -> Self:
        """The host of an Airflow connection: host, login, and in extra `host_key` with `key_file` or `private_key`.

        :raises InputError: if it lacks a part; without a pinned host key nobody is connected to
        """
        conn = connection(conn_id)
        extra = conn.extra_dejson
        lacking = [name for name, value in (("host", conn.host), ("login", conn.login)) if not value]
        lacking += [] if extra.get("host_key") else ["extra.host_key"]
        if lacking:
            raise InputError(
                f"Airflow connection {conn_id} lacks {', '.join(lacking)}. The host's key is what "
                "`ssh-keyscan -t ed25519 HOST` prints after the name; compare it with the host's own before you pin it."
            )
        if str(extra.get("no_host_key_check", "")).lower() == "true":
            raise InputError(f"Airflow connection {conn_id} sets no_host_key_check: remove that.")
        return cls(conn_id)

    def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 600) -> Finished:
        """Run a command to its end; a status other than 0 is the caller's to judge.

        :param argv: never a secret: the host's process list is public there
        :param timeout: seconds
        :raises HostDown: if the host does not answer, or the connection breaks before the end
        :raises HostRefused: if its key is not the pinned one, or it refuses our login
        """
        import paramiko
        from airflow.providers.ssh.hooks.ssh import SSHHook

        hook = SSHHook(ssh_conn_id=self._conn_id, conn_timeout=15, keepalive_interval=15)
        where = f"{hook.username}@{hook.remote_host}"
        try:
            with hook.get_conn() as client:
                into, out, err = client.exec_command(shlex.join(argv), timeout=timeout)
                # a command that has ended reads no more; whether it ended well, its status says
                with suppress(OSError):
                    into.write(stdin)
                    into.channel.shutdown_write()
                output, errors = out.read(), err.read()
                status = out.channel.recv_exit_status()
        except paramiko.BadHostKeyException:
            raise HostRefused(
                f"The host at {where} shows another key than the pinned one. Somebody may be in between: compare the "
                f"key with the host's own before you change connection {self._conn_id}. Nothing was sent."
            ) from None
        except paramiko.AuthenticationException:
            raise HostRefused(f"The host at {where} refuses the login. Check the key of {self._conn_id}.") from None
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise HostDown(f"The host at {where} does not answer ({type(error).__name__}: {error}).") from None
        if status < 0:
            raise HostDown(f"The connection to {where} broke before the command ended.")
        return Finished(status, output.decode(errors="replace"), errors.decode(errors="replace"))
