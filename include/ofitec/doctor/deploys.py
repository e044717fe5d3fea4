"""The host that runs Odoo by docker; only deploys need it."""

from airflow.sdk.exceptions import AirflowNotFoundException

from ofitec.clients.ssh import Host
from ofitec.doctor.findings import Unused
from ofitec.errors import InputError, PermanentError
from ofitec.settings import settings


def host() -> str:
    """The host of connection `odoo_host`, if there is one."""
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowRuntimeError

    try:
        Connection.get("odoo_host")
    except (AirflowNotFoundException, AirflowRuntimeError):
        raise Unused("no connection odoo_host: odoo_deploy and odoo_rollback are not available") from None
    return host_answers()


def host_answers(conn_id: str = "odoo_host") -> str:
    """Sign in with the pinned host key, and see that Python, docker and the installation's folder are there.

    :raises InputError: PermanentError: what is missing on the host
    """
    there = Host.from_connection(conn_id)
    home = settings().host_home
    if there.run(["test", "-w", home], timeout=60).returncode:
        raise InputError(
            f"The folder {home} does not exist on the host or is not ours: make it there, or set OFITEC_HOST_HOME."
        )
    for program in ("python3", "docker"):
        done = there.run([program, "--version"], timeout=60)
        if done.returncode:
            raise PermanentError(f"The host has no {program}: install it there (docs/operations.md).")
    return f"answers with the pinned key; {home} is ours, python3 and docker are there"
