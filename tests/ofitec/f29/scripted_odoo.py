"""Odoo as the F29's tests need it: it answers from a script that people and the robot change."""

import json
from typing import Any

from ofitec.clients.odoo import OdooDown
from ofitec.f29.form import F29Form
from ofitec.f29.period import Period
from tests.ofitec.f29.examples import EXAMPLE_A

RUT = "77123456-9"


class Company:
    """One company's forms in Odoo: month to versions; people change them, the robot computes the open ones."""

    def __init__(self, number: int = 1, name: str = "Los Aromos", rut: str = RUT) -> None:
        self.number, self.name, self.rut = number, name, rut
        self.forms: dict[str, list[dict[str, Any]]] = {}
        self.sales = 228_000
        self.down = False

    def form(self, period: str, version: int = 1) -> dict[str, Any]:
        return self.forms[period][version - 1]

    def file(self, period: str, folio: str, **changed: Any) -> None:
        form = self.forms[period][-1]
        form |= {"status": "filed", "folio": folio, "filed_on": "2026-09-18", "filed_total": form["casillas"]["91"]}
        form |= changed

    def rectify(self, period: str, more: int) -> None:
        before = self.forms[period][-1]
        casillas = {**before["casillas"], "48": more, "595": before["casillas"]["595"] + more}
        casillas |= {"547": casillas["595"], "91": casillas["595"]}
        fresh = {"status": "ready", "folio": None, "filed_on": None, "filed_total": None}
        self.forms[period].append(
            {**before, **fresh, "id": 90, "version": before["version"] + 1, "casillas": casillas}
            | {"previous_total": before["filed_total"]}
        )

    def call(self, model: str, method: str, *args: Any) -> Any:
        if self.down:
            raise OdooDown("Odoo no responde.")
        if method == "read_period":
            versions = self.forms.get(args[1], [])
            filed = [form for form in versions if form["status"] in ("filed", "paid")]
            return {"newest": versions[-1] if versions else None, "filed": filed[-1] if filed else None}
        if method == "read_reconciliation":
            return None
        if method == "compute_period":
            if not self.forms.get(args[1]):
                self.forms[args[1]] = [self._new(args[1])]
            form = self.forms[args[1]][-1]
            assert form["status"] in ("draft", "ready"), "a closed form must not be computed"
            if form["version"] == 1:
                form["casillas"] = self._figures()
            return json.loads(json.dumps(form))
        return _export(F29Form.model_validate(self._by_id(args[0][0])), method.removeprefix("to_"))

    def search_read(self, model: str, domain: list[Any], fields: list[str]) -> list[dict[str, Any]]:
        if self.down:
            raise OdooDown("Odoo no responde.")
        if model == "res.company":
            return [{"id": self.number, "name": self.name, "vat": self.rut, "parent_id": False}]
        wanted = domain[0][2]
        every = [form for period in wanted for form in self.forms.get(period, [])]
        return [
            {**form, "company_id": [self.number, self.name], "folio": form["folio"] or False}
            for form in every
            if form["status"] in domain[1][2]
        ]

    def _by_id(self, number: int) -> dict[str, Any]:
        return next(form for versions in self.forms.values() for form in versions if form["id"] == number)

    def _figures(self) -> dict[str, int]:
        more = self.sales - 228_000
        changed = {"502": self.sales, "538": EXAMPLE_A["538"] + more, "77": EXAMPLE_A["77"] - more}
        return EXAMPLE_A | changed

    def _new(self, period: str) -> dict[str, Any]:
        empty = {"folio": None, "filed_on": None, "filed_total": None, "previous_total": None}
        number = 100 * (self.number - 1) + len(self.forms) + 1
        where = {"id": number, "period": period, "rut": self.rut, "company": self.name, "version": 1}
        return {
            **where,
            **empty,
            "status": "ready",
            "due_date": f"{Period.parse(period).before(-1)}-21",
            "ppm_rate": "0.25",
            "casillas": {},
        }


def _export(form: F29Form, fmt: str) -> str:
    figures = form.figures
    if fmt == "csv":
        return "casilla,monto,glosa\n" + "".join(f"{code},{amount},g\n" for code, amount in figures.items())
    if fmt == "json":
        return json.dumps({"casillas": figures})
    head = f"<Period>{form.period}</Period><Rut>{form.rut}</Rut><Company>x</Company><Version>{form.version}</Version>"
    nodes = "".join(f'<Casilla num="{code}">{amount}</Casilla>' for code, amount in figures.items())
    return f"<F29>{head}{nodes}</F29>"
