"""Airflow connections, looked up through whatever secrets backend the installation uses."""

from typing import TYPE_CHECKING

from ofitec.errors import InputError

if TYPE_CHECKING:
    from airflow.sdk import Connection


def connection(conn_id: str) -> "Connection":
    """The Airflow connection of that id.

    :raises InputError: if there is none
    """
    there = found(conn_id)
    if there is None:
        raise InputError(
            f"Airflow no tiene la conexión {conn_id}: créela en Admin > Connections (README, Connections)."
        )
    return there


def found(conn_id: str) -> "Connection | None":
    """The Airflow connection of that id; None if there is none."""
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException, AirflowRuntimeError

    try:
        there: Connection = Connection.get(conn_id)
    except (AirflowNotFoundException, AirflowRuntimeError):
        return None
    return there
