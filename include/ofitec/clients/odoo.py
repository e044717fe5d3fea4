"""The client of Odoo: odoorpc behind a small class, so that another protocol can replace it unnoticed.

One call costs about 20 ms whatever the client; what matters is their number, so the add-on does its work in one.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import odoorpc
from odoorpc.error import Error as OdooRpcError
from odoorpc.error import RPCError

from ofitec.connections import connection
from ofitec.errors import InputError, PermanentError, TransientError
from ofitec.settings import settings

_SPANISH = {"lang": "es_CL"}


class OdooDown(TransientError):
    """Odoo does not answer."""


class OdooRefused(PermanentError):
    """Odoo understood the call and refused it; the message is Odoo's own, meant for the user."""


class OdooForbidden(OdooRefused):
    """The user of the connection may not do that."""


class OdooClient:
    """A logged-in session of one database."""

    def __init__(self, rpc: odoorpc.ODOO, where: str) -> None:
        self._rpc = rpc
        self._where = where

    @classmethod
    def from_connection(cls, conn_id: str = "odoo_default", timeout: int | None = None) -> Self:
        """Log in with an Airflow connection: host, port, login, password (or an API key), extra `database`, `protocol`.

        :param timeout: seconds to wait for one answer; by default setting OFITEC_ODOO_TIMEOUT
        :raises InputError: if the connection lacks a part, or Odoo refuses its login
        :raises OdooDown: if nothing answers at that address
        """
        conn = connection(conn_id)
        extra = conn.extra_dejson
        database = extra.get("database") or conn.schema
        parts = {"host": conn.host, "login": conn.login, "password": conn.password, "extra.database": database}
        lacking = ", ".join(name for name, value in parts.items() if not value)
        if lacking:
            raise InputError(
                f"A la conexión {conn_id} de Airflow le falta {lacking}: complétela en Admin > Connections."
            )
        protocol = extra.get("protocol") or "jsonrpc"
        port = conn.port or (443 if protocol.endswith("+ssl") else 8069)
        where = f"{conn.host}:{port}"
        with _translated(where):
            rpc = odoorpc.ODOO(conn.host, protocol=protocol, port=port, timeout=timeout or settings().odoo_timeout)
            try:
                rpc.login(database, conn.login, conn.password)
            except RPCError as error:
                if f'database "{database}" does not exist' in str(error):
                    raise InputError(
                        f"Odoo en {where} no tiene la base de datos {database!r}: "
                        f"revise el extra `database` de la conexión {conn_id} de Airflow."
                    ) from None
                # odoorpc raises a bare RPCError on a refused login; Odoo answers AccessDenied
                if _name(error) not in ("", "odoo.exceptions.AccessDenied"):
                    raise
                raise InputError(
                    f"Odoo en {where} rechazó el ingreso de {conn.login!r} a la base de datos {database!r}: revise "
                    f"usuario, clave (o llave de API) y base de datos de la conexión {conn_id} de Airflow."
                ) from None
        return cls(rpc, where)

    def call(self, model: str, method: str, *args: Any) -> Any:
        """Call a method of a model, in Spanish, and return its JSON answer.

        :raises OdooDown: if Odoo stops answering
        :raises OdooRefused: with Odoo's own words if it refuses
        :raises PermanentError: if the model or the method does not exist
        """
        with _translated(self._where, f"{model}.{method}"):
            return self._rpc.execute_kw(model, method, list(args), {"context": _SPANISH})

    def search_read(self, model: str, domain: list[Any], fields: list[str]) -> list[dict[str, Any]]:
        """Records of a model as dicts of the fields."""
        with _translated(self._where, f"{model}.search_read"):
            return list(self._rpc.execute_kw(model, "search_read", [domain], {"fields": fields, "context": _SPANISH}))


def _name(error: RPCError) -> str:
    info = error.info if isinstance(error.info, dict) else {}
    return str(info.get("data", {}).get("name", ""))


@contextmanager
def _translated(where: str, call: str = "login") -> Iterator[None]:
    """Turn what odoorpc and the network raise into this package's errors. Odoo's traceback is never passed on."""
    try:
        yield
    except RPCError as error:
        raise _refusal(error, where, call) from None
    except (OSError, OdooRpcError) as error:
        # URLError, ConnectionRefusedError, timeouts and HTTP 5xx are all OSErrors
        reason = getattr(error, "reason", None) or error
        raise OdooDown(
            f"Odoo en {where} no responde ({call}: {reason}). No se cambió nada: vea que Odoo esté en marcha y ejecute "
            "de nuevo."
        ) from None


def _refusal(error: RPCError, where: str, call: str) -> PermanentError:
    name, message = _name(error), str(error).strip()
    model, _, method = call.rpartition(".")
    if name.endswith("AttributeError") or "has no attribute" in message or (method in message and "exist" in message):
        return PermanentError(
            f"Odoo en {where} no tiene el método {call}: su módulo of_sii_cl es demasiado antiguo. "
            "Actualice el módulo y ejecute de nuevo."
        )
    if model.startswith("of.sii") and model in message and re.search(r"KeyError|exist", f"{name} {message}"):
        return PermanentError(
            f"Odoo en {where} no tiene instalado el módulo of_sii_cl (modelo {model}). Instálelo y ejecute de nuevo."
        )
    if name == "odoo.exceptions.AccessError":
        return OdooForbidden(message)
    if name.startswith("odoo.exceptions."):
        return OdooRefused(message)
    return PermanentError(
        f"Odoo en {where} falló en {call}: {name or 'error'}: {message[:300]}. Vea el registro de Odoo."
    )
