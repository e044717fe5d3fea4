"""Each account of Odoo against each action, by RPC on a running Odoo: what Airflow's robot may, and nothing else."""

import base64
import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import odoorpc
import pytest

from dev.stack.company.company import RUT
from dev.stack.local_stack import LocalStack
from dev.stack.services.odoo import BOT, Odoo, OdooServer
from ofitec.deploy.host.record.home import Home
from ofitec.deploy.host.run import secrets as first_secrets
from ofitec.deploy.host.run.init import users_script
from tests.roles.table import rendered, require_documented

# column of the table: group in Odoo; the robot is the one that a first start by docker compose makes
PEOPLE = {
    "prepare": "of_sii_cl.group_f29_prepare",
    "accountant": "account.group_account_user",
    "approve": "account.group_account_manager",
}
DEMO = "robot of the demo"
_DENIED = ("odoo.exceptions.AccessError", "odoo.exceptions.AccessDenied")
_OTHER = ("odoo.exceptions.UserError", "odoo.exceptions.ValidationError")
_HEAD = (
    "Nro;Tipo Doc;Tipo Venta;Rut cliente;Razon Social;Folio;Fecha Docto;Fecha Recepcion;Fecha Acuse Recibo;"
    "Fecha Reclamo;Monto Exento;Monto Neto;Monto IVA;Monto total"
)


@dataclass
class Rights:
    """A database of this test's own, and who is logged in to it."""

    admin: odoorpc.ODOO
    people: dict[str, odoorpc.ODOO]
    company: int
    period: str

    def may(self, who: str, model: str, method: str, *args: Any) -> bool:
        """Whether rights let it be done. An answer that is about anything else counts as let."""
        try:
            self.people[who].execute(model, method, *args)
        except odoorpc.error.RPCError as error:
            name = error.info["data"]["name"]
            assert name in (*_DENIED, *_OTHER), f"{model}.{method} as {who}: {error}"
            return name not in _DENIED
        return True


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    folder = tmp_path_factory.mktemp("installation")
    (folder / "docker-compose.yml").touch()
    made = Home.open(folder)
    first_secrets.make(made)
    return made


@pytest.fixture(scope="module")
def rights(local_stack: LocalStack, odoo_parts: Odoo, home: Home) -> Iterator[Rights]:
    with odoo_parts.scratch(local_stack.odoo_template(), "rights") as database:
        odoo_parts.shell(database, users_script(home, new=False), what="the first start's users")
        server = odoo_parts.serve(database, "odoo-rights")
        try:
            yield _logged_in(server, local_stack.period, home)
        finally:
            odoo_parts.processes.stop("odoo-rights")


def _logged_in(server: OdooServer, period: str, home: Home) -> Rights:
    admin = server.rpc()
    field = "group_ids" if "group_ids" in admin.execute("res.users", "fields_get", [], ["type"]) else "groups_id"
    groups = {name: _ref(admin, group) for name, group in PEOPLE.items()}
    connection = json.loads((home.secrets / "airflow_connections.json").read_text())["odoo_default"]
    people = {"robot": _login(server, connection["login"], connection["password"])}
    for name, group in groups.items():
        password = secrets.token_urlsafe(12)
        values: dict[str, Any] = {"name": name, "login": name, "password": password}
        values[field] = [(6, 0, [_ref(admin, "base.group_user"), group])]
        admin.execute("res.users", "create", values)
        people[name] = _login(server, name, password)
    [company] = admin.execute("res.company", "search", [("vat", "in", (RUT, RUT.replace(".", "")))])
    people[DEMO] = server.rpc(BOT)
    return Rights(admin, people, company, period)


def _login(server: OdooServer, name: str, password: str) -> odoorpc.ODOO:
    client = odoorpc.ODOO(server.host, port=server.port, timeout=120)
    client.login(server.database, name, password)
    return client


def _ref(odoo: odoorpc.ODOO, xmlid: str) -> int:
    module, name = xmlid.split(".")
    [row] = odoo.execute("ir.model.data", "search_read", [("module", "=", module), ("name", "=", name)], ["res_id"])
    return int(row["res_id"])


def test_each_account_may_do_what_the_table_says(rights: Rights) -> None:
    company, period, admin = rights.company, rights.period, rights.admin
    [move] = admin.execute(
        "account.move", "search", [("move_type", "=", "out_invoice"), ("state", "=", "posted")], 0, 1
    )
    [item] = admin.execute("account.move.line", "search", [("move_id", "=", move)], 0, 1)
    draft = admin.execute("account.move", "copy", [move])
    draft = draft[0] if isinstance(draft, list) else draft
    [partner] = admin.execute("res.partner", "search", [("vat", "!=", False), ("is_company", "=", True)], 0, 1)
    [module] = admin.execute("ir.module.module", "search", [("state", "=", "uninstalled")], 0, 1)
    register = base64.b64encode(f"{_HEAD}\n".encode()).decode()

    def form() -> int:
        """The month's, made anew when the one before deleted it."""
        newest = admin.execute("of.sii.f29", "read_period", company, period)["newest"]
        return int((newest or admin.execute("of.sii.f29", "compute_period", company, period))["id"])

    def call(model: str, method: str, *args: Any) -> Callable[[str], bool]:
        return lambda who: rights.may(who, model, method, *args)

    def on_form(method: str, *args: Any) -> Callable[[str], bool]:
        return lambda who: rights.may(who, "of.sii.f29", method, [form()], *args)

    def by_hand(who: str) -> bool:
        return rights.may(who, "of.sii.f29.input", "create", {"f29_id": form(), "code": 48, "amount": 0})

    actions = {
        "compute a month": call("of.sii.f29", "compute_period", company, period),
        "read a month and its form": call("of.sii.f29", "read_period", company, period),
        "export the form": on_form("to_csv"),
        "list a month's documents (RUT, folio, amounts)": call("of.sii.f29", "documents", company, period),
        "load the SII's register": call("of.sii.rcv", "load", company, period, f"RCV_VENTA_{RUT}.csv", register),
        "compare a month with the register": call("of.sii.f29", "reconcile", company, period),
        "enter a código by hand": by_hand,
        "change the form's rate": on_form("write", {"ppm_rate": 0.25}),
        "change what feeds a código": call("of.sii.f29.map", "write", [1], {"active": True}),
        "enter the UTM": call("of.sii.utm", "create", {"month": "2020-01", "value": 1}),
        "delete a draft or ready form": on_form("unlink"),
        "approve the form": on_form("action_approve"),
        "file the form": on_form("action_file", "", False),
        "rectify a form": on_form("action_rectify"),
        "read invoices": call("account.move", "read", [move], ["amount_total"]),
        "read journal items": call("account.move.line", "read", [item], ["balance"]),
        "change an invoice": call("account.move", "write", [draft], {"ref": "x"}),
        "post an invoice": call("account.move", "action_post", [draft]),
        "create an entry": call("account.move", "create", {"move_type": "entry"}),
        "read customers and suppliers": call("res.partner", "read", [partner], ["name", "vat", "email"]),
        "change a customer": call("res.partner", "write", [partner], {"comment": "x"}),
        "read bank accounts of contacts": call("res.partner.bank", "search_read", [], ["acc_number"], 0, 1),
        "change the company": call("res.company", "write", [company], {"of_sii_ppm_rate": 0.25}),
        "create an account in Odoo": call("res.users", "create", {"name": "x", "login": secrets.token_hex(4)}),
        "read system parameters": call("ir.config_parameter", "get_param", "database.secret"),
        "install a module": call("ir.module.module", "button_install", [module]),
        "write server actions": call("ir.actions.server", "create", {"name": "x", "model_id": 1, "state": "code"}),
    }
    columns = [name for name in rights.people if name != DEMO]
    demo = {action: ask(DEMO) for action, ask in actions.items()}
    rows = {action: [ask(name) for name in columns] for action, ask in actions.items()}
    require_documented(rendered(columns, rows))
    assert demo == {action: row[columns.index("robot")] for action, row in rows.items()}
