"""The runs of `rcv_reconcile`, one a morning, against an Odoo that answers from a script."""

import base64
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text

from ofitec.clients.odoo import OdooDown, OdooForbidden, OdooRefused
from ofitec.f29.rcv import steps
from ofitec.ledger import Ledger

RUT, OTHER = "77123456-9", "76123456-0"
COUNTERPART = "96789012-K"  # must be in no message and no log


class ScriptedOdoo:
    """Two companies. A file's first word is its section; what a person does changes the differences."""

    def __init__(self) -> None:
        self.registers: dict[tuple[int, str, str], dict[str, Any]] = {}
        self.differences: list[dict[str, Any]] = []
        self.loads: list[str] = []
        self.computed = {(1, "2026-08"): 7}
        self.down = self.forbidden = False
        self.fails_for = 0
        self.method_down = ""

    def call(self, model: str, method: str, *args: Any) -> Any:
        self._up()
        company, period = args[0], args[1]
        if company == self.fails_for or method == self.method_down:
            raise OdooDown("Odoo no responde.")
        if method == "load":
            return self._load(company, period, args[2], base64.b64decode(args[3]))
        assert method == "reconcile"
        refused = sum(len(row["refused"] or []) for key, row in self.registers.items() if key[:2] == (company, period))
        certified = not self.differences and not refused
        return {
            "equal": 5,
            "differences": self.differences,
            "codes": {},
            "certified": certified,
            "certificate": "Certificado: todo igual." if certified else "No certificado:\n• Falta algo.",
            "missing": [],
        }

    def _load(self, company: int, period: str, name: str, content: bytes) -> dict[str, Any]:
        if self.forbidden:
            raise OdooForbidden("Solo quien está en el grupo «F29: calcular» puede cargar el registro del SII.")
        self.loads.append(name)
        if b"de otro" in content:
            raise OdooRefused(f"El archivo «{name}» es del RUT 76000000 y «Los Aromos» es {RUT}.")
        section = {b"ventas": "sales", b"compras": "purchases", b"pendientes": "pending"}[content.split()[0]]
        refused = [{"line": 4, "reason": f"El documento 33 N° 9 de {COUNTERPART} ya está en la línea 2."}]
        row = {
            "section": section,
            "filename": name,
            "documents": 3,
            "refused": refused if b"mala" in content else False,
        }
        self.registers[company, period, section] = row
        return {"id": 1, "section": section, "rows": 3, "documents": 3, "refused": row["refused"] or []}

    def search_read(self, model: str, domain: list[Any], fields: list[str]) -> list[dict[str, Any]]:
        self._up()
        if model == "res.company":
            return [
                {"id": 1, "name": "Los Aromos", "vat": RUT, "parent_id": False},
                {"id": 2, "name": "Andes Sur", "vat": OTHER, "parent_id": False},
            ]
        asked = {field: value for field, _, value in domain}
        if model == "of.sii.f29":
            found = self.computed.get((asked["company_id"], asked["period"]))
            return [{"id": found, "version": 1}] if found else []
        return [
            {**row, "company_id": [company, "x"]}
            for (company, period, _), row in self.registers.items()
            if period == asked["period"] and asked.get("company_id", company) == company
        ]

    def _up(self) -> None:
        if self.down:
            raise OdooDown("Odoo no responde.")


class Mornings:
    """Runs of the DAG, one a day."""

    def __init__(self, odoo: ScriptedOdoo, heard: list[str], folder: Path, ledger: Ledger) -> None:
        self.odoo, self.heard, self.folder, self.ledger = odoo, heard, folder, ledger
        self.failed: list[Exception] = []

    def drop(self, name: str, content: bytes, rut: str = RUT, period: str = "2026-08") -> None:
        file = self.folder / "rcv" / rut / period / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def on(self, day: date, **params: Any) -> list[str]:
        """What the run of that morning told; a company that fails does so alone, as its task does."""
        before, self.failed = len(self.heard), []
        at = datetime(day.year, day.month, day.day, 9, 30, tzinfo=UTC)
        run_id = f"run of {day} {before}"
        for job in steps.plan(params, run_id=run_id, run_after=at):
            try:
                steps.companies([job], run_id=run_id, run_after=at, force=params.get("force", False))
            except Exception as error:  # whatever it is, the others go on
                self.failed.append(error)
        steps.tell_all(run_id=run_id, run_after=at)
        return self.heard[before:]

    def files(self) -> list[Any]:
        query = "SELECT rut, period, path, sha256, section, rows, refused FROM ofitec.rcv_file ORDER BY id"
        with self.ledger.transaction() as session:
            return list(session.execute(text(query)))
