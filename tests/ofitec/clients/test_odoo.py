"""What people read when Odoo is down, refuses the login, or lacks the add-on. A real Odoo answers."""

import json
import socket
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from dev.stack.services.odoo import BOT, Odoo, OdooServer
from ofitec.clients.odoo import OdooClient, OdooDown, OdooRefused
from ofitec.errors import InputError, PermanentError
from ofitec.f29 import close
from ofitec.f29.form import Company

Connect = Callable[..., OdooClient]


@pytest.fixture
def connect(odoo: OdooServer, monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Log in with the robot's connection, parts of it changed."""

    def _connect(**changed: Any) -> OdooClient:
        whole = {
            "conn_type": "generic",
            "host": odoo.host,
            "port": odoo.port,
            "login": BOT,
            "password": odoo.credentials.odoo_bot,
            "extra": {"database": odoo.database},
        }
        monkeypatch.setenv("AIRFLOW_CONN_ODOO_DEFAULT", json.dumps(whole | changed))
        return OdooClient.from_connection()

    return _connect


@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        ({"password": "a-wrong-password"}, InputError, "rechazó el ingreso de 'ofitec_bot'"),
        ({"extra": {"database": "no_such_db"}}, InputError, "no_such_db"),
        ({"port": 1}, OdooDown, "no responde"),
        ({"host": "no-such-host.invalid"}, OdooDown, "no responde"),
        ({"host": ""}, InputError, "le falta host"),
        ({"password": ""}, InputError, "le falta password"),
    ],
)
def test_a_wrong_connection_is_one_clear_line(
    connect: Connect, changed: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words) as refused:
        connect(**changed)
    assert "\n" not in str(refused.value)
    assert "a-wrong-password" not in str(refused.value)


def test_no_connection_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="no tiene la conexión odoo_nowhere"):
        OdooClient.from_connection("odoo_nowhere")


def test_an_add_on_that_lacks_a_method_is_too_old(connect: Connect) -> None:
    with pytest.raises(PermanentError, match=r"no tiene el método of\.sii\.f29\.not_yet.*Actualice el módulo"):
        connect().call("of.sii.f29", "not_yet", 1)


def test_a_database_without_the_add_on(connect: Connect, odoo: OdooServer, odoo_parts: Odoo) -> None:
    plain = "without_addon"
    odoo_parts.drop(plain)
    odoo_parts.copy(odoo_parts.base_template(), plain)
    try:
        server = odoo_parts.serve(plain, "odoo-plain")
        client = connect(port=server.port, extra={"database": plain})
        with pytest.raises(PermanentError, match="no tiene instalado el módulo of_sii_cl"):
            client.call("of.sii.f29", "compute_period", 1, "2026-08")
    finally:
        odoo_parts.processes.stop("odoo-plain")
        odoo_parts.drop(plain)


def test_a_company_without_rut_is_refused_in_spanish_and_gets_no_form(connect: Connect, odoo: OdooServer) -> None:
    admin = odoo.rpc()
    company = admin.execute("res.company", "create", {"name": "Sucursal sin RUT"})
    bot = admin.execute("res.users", "search", [("login", "=", BOT)])
    admin.execute("res.users", "write", bot, {"company_ids": [(4, company)]})
    client = connect()
    assert company not in [found.id for found in close.companies(client, [])]
    with pytest.raises(OdooRefused, match="RUT"):
        close.look(client, Company(id=company, name="Sucursal sin RUT", rut="77123456-9"), "2026-08")
    assert admin.execute("of.sii.f29", "search_count", [("company_id", "=", company)]) == 0


def test_an_odoo_that_answers_too_late_is_down(
    odoo: OdooServer, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr("ofitec.clients.odoo.settings", lambda: SimpleNamespace(odoo_timeout=1))
        with pytest.raises(OdooDown, match="timed out"):
            connect(port=silent.getsockname()[1])
