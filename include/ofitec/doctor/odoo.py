"""Odoo and its add-on, as the robot sees them."""

from typing import Any

from ofitec.clients.odoo import OdooClient, OdooRefused
from ofitec.errors import InputError, PermanentError
from ofitec.f29 import close

ADDON = "of_sii_cl"
_NOT_THE_ROBOTS = ("res.users", "account.move", "of.sii.f29.map")


def signed_in(conn_id: str = "odoo_default") -> str:
    """Log in, and ask what the robot needs.

    :raises InputError: PermanentError: what is wrong, and what to do
    """
    client = OdooClient.from_connection(conn_id)
    companies = close.companies(client, [])
    count = client.call("of.sii.f29", "search_count", [])
    names = ", ".join(f"{company.name} ({company.rut})" for company in companies)
    return f"signed in; add-on {ADDON} answers with {count} F29 forms; files for {names}"


def robots_rights() -> str:
    """The robot may compute, and nothing that a person must decide.

    :raises PermanentError: if it could change entries, users or the map
    """
    client = OdooClient.from_connection()
    excess = [model for model in _NOT_THE_ROBOTS if _may_write(client, model)]
    if excess:
        raise PermanentError(
            f"The robot of connection odoo_default may write {', '.join(excess)}: whoever holds its password could "
            "change the books. Give its user only the group «F29: calcular» and take the others away."
        )
    return "the robot may compute and read, no more"


def _may_write(client: Any, model: str) -> bool:
    try:
        return bool(client.call("ir.model.access", "check", model, "write", False))
    except OdooRefused:
        return False


def same_database(conn_id: str = "odoo_db") -> str:
    """Connection `odoo_db` is the database that `odoo_default` speaks to, or backups would save another one.

    :raises InputError: if they differ
    """
    from ofitec.clients.postgres import Database
    from ofitec.connections import connection

    rpc = connection("odoo_default")
    spoken = rpc.extra_dejson.get("database") or rpc.schema
    saved = Database.from_connection(conn_id).name
    if spoken != saved:
        raise InputError(
            f"odoo_default speaks to database {spoken!r} and {conn_id} names {saved!r}: backups would save another "
            "database than the one that files. Make them the same."
        )
    return f"both connections name {saved!r}"
