"""One digest a day for several companies: real ledger, deliveries as a run leaves them."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from stdnum.cl import rut as stdnum_rut

from ofitec.f29 import digest
from ofitec.f29.delivery import DUE, FIGURES, FILED_NOW, NEW, Change, News
from ofitec.f29.digest import Digest
from ofitec.ledger import Ledger, deliveries, targets
from ofitec.ledger.tables import F29Delivery
from ofitec.notify.plain import plain_text
from tests.ofitec.f29.examples import EXAMPLE_A
from tests.ofitec.notify.test_blocks import refusals

DAG, RUN, MONTH = "f29_monthly", "morning", "2026-08"
AT = datetime(2026, 9, 8, 11, 0, tzinfo=UTC)


def rut(number: int) -> str:
    return f"{76_000_000 + number}-{stdnum_rut.calc_check_digit(str(76_000_000 + number))}"


class Run:
    """One run for so many companies, and what its last task would tell."""

    def __init__(self, ledger: Ledger, companies: int, name: str = "Empresa") -> None:
        self.ledger, self.companies, self.name = ledger, companies, name
        aimed = {f"{rut(number)}/{MONTH}": f"{name} {number}, agosto de 2026" for number in range(companies)}
        targets.aim(ledger, DAG, RUN, {MONTH: "agosto de 2026", **aimed})

    def deliver(self, number: int, reasons: list[str], changes: list[Change] | None = None, **values: Any) -> int:
        plain: dict[str, Any] = {"odoo_id": number, "version": 1, "status": "ready", "casillas": EXAMPLE_A}
        plain |= {"warnings": [], "files": {}, "url": "file:///x", "due_date": date(2026, 9, 21), "points": []}
        plain |= {"news": News(reasons=reasons, changes=changes or []).model_dump(mode="json"), "run_id": RUN}
        where = {"rut": rut(number), "company": f"{self.name} {number}", "period": MONTH}
        targets.reached(self.ledger, DAG, RUN, f"{rut(number)}/{MONTH}")
        return deliveries.record(self.ledger, F29Delivery(**where | plain | values))

    def reach(self, *numbers: int) -> None:
        targets.reached(self.ledger, DAG, RUN, *(f"{rut(number)}/{MONTH}" for number in numbers))

    def digest(self, at: datetime = AT) -> Digest:
        found = targets.of_run(self.ledger, DAG, RUN)
        morning = at.replace(hour=4)
        return digest.of_run(self.ledger, found, today=at.date(), morning=morning, odoo_url="https://odoo.example")

    def tell(self, at: datetime = AT) -> list[str]:
        made = self.digest(at)
        for number in made.told:
            deliveries.told(self.ledger, number, at)
        return [plain_text(*message) for message in made.messages]


@pytest.fixture
def three(ledger: Ledger) -> Run:
    return Run(ledger, 3)


def test_a_company_says_what_changed_what_is_paid_by_when_and_where(three: Run) -> None:
    figures = [Change(code=str(code), before=1000, after=2000 + code) for code in (502, 520, 538, 89)]
    three.deliver(
        0, [FIGURES, DUE], figures, due_date=date(2026, 9, 25), points=["warning/x/1", "missing/48", "warning/y/1"]
    )
    three.deliver(1, [FILED_NOW], status="filed", folio="7123456", filed_total=32775, filed_on=date(2026, 9, 7))
    three.reach(2)
    [said] = three.tell()
    assert said.startswith("F29 de agosto de 2026: 2 novedades, de 3 empresas\n")
    assert "Empresa 0: https://odoo.example/web#action=of_sii_cl.f29_action&id=0" in said
    assert "76.000.000" in said
    assert "agosto de 2026: cambió, otro vencimiento" in said
    assert "Calculado · Total a pagar: $32.775 · vence viernes 25 de septiembre de 2026 (faltan 17 días)" in said
    assert "Códigos 502: $1.000 → $2.502; 520: $1.000 → $2.520; 538: $1.000 → $2.538 y 1 más" in said
    assert "Por revisar: 1 código del mes pasado sin ingresar, 2 avisos" in said
    assert "Declarado · Monto final: $32.775 · folio 7123456 · declarado el lunes 7 de septiembre de 2026" in said
    assert said.endswith("La otra sigue sin novedad.")
    assert three.tell() == [], "each once"


def test_a_rectification_says_its_difference(three: Run) -> None:
    filed: dict[str, Any] = {"status": "filed", "folio": "7123456", "filed_total": 30_000, "filed_on": date(2026, 9, 7)}
    three.deliver(0, [FILED_NOW], **filed)
    three.tell()
    three.deliver(0, [NEW], version=2)
    [said] = three.tell()
    assert "agosto de 2026, rectificatoria (versión 2): nuevo" in said
    assert "Diferencia con lo ya declarado: +$2.775 (de $30.000 a $32.775)" in said


def test_nothing_new_is_silence(three: Run) -> None:
    three.reach(0, 1, 2)
    assert three.tell() == []


def test_of_one_company_there_is_no_digest(ledger: Ledger) -> None:
    alone = Run(ledger, 1)
    alone.deliver(0, [NEW])
    assert alone.tell() == []


def test_companies_are_counted_not_their_months(three: Run) -> None:
    """An earlier month that was filed since is a target of its own."""
    july = {f"{rut(number)}/2026-07": f"Empresa {number}, julio de 2026" for number in (0, 1)}
    targets.aim(three.ledger, DAG, RUN, july)
    three.deliver(0, [FILED_NOW], status="filed", folio="7123456", filed_total=32775, period="2026-07")
    targets.reached(three.ledger, DAG, RUN, f"{rut(0)}/2026-07")
    three.reach(2)
    [said] = three.tell()
    assert said.startswith("F29 de agosto de 2026: 1 novedad, 1 sin terminar, de 3 empresas\n")
    assert said.endswith("La otra sigue sin novedad."), "the third: the first has news of July, the second failed twice"


def test_who_failed_is_named_and_the_same_digest_has_the_same_key(three: Run) -> None:
    three.deliver(0, [NEW])
    three.reach(1)
    first = three.digest()
    [said] = [plain_text(*message) for message in first.messages]
    assert "Empresa 2, agosto de 2026" in said
    assert "No quedó lista" in said
    assert first.key == three.digest().key
    three.reach(2)
    assert first.key != three.digest().key


def test_what_is_due_and_not_filed_is_reminded_once_a_day(three: Run) -> None:
    for number in range(3):
        three.deliver(number, [NEW])
    three.tell()
    late = AT + timedelta(days=10)  # three days before it is due
    assert "2 novedades" not in three.tell(late)[0]
    assert three.tell(late) == []
    [said] = three.tell(late + timedelta(days=1))
    assert said.count("falta declarar") == 3
    assert "(faltan 2 días)" in said
    [said] = three.tell(AT + timedelta(days=15))
    assert said.count("🔴") == 3
    assert "venció hace 2 días" in said


def test_slack_takes_two_hundred_companies_each_once(ledger: Ledger) -> None:
    many = Run(ledger, 200, "Ñandú & <Hijos> Ltda. Comercializadora e Inversiones del Sur Austral")
    changes = [Change(code=str(code), before=10**12, after=10**13) for code in range(500, 540)]
    for number in range(199):
        points = [f"{kind}/{n}/1" for kind in ("missing", "question", "warning", "late") for n in range(9)]
        many.deliver(number, [FIGURES], changes, points=points)
    made = many.digest()
    assert len(made.messages) > 1
    told = ""
    for text, blocks in made.messages:
        refusals(blocks)
        assert len(json.dumps(blocks, ensure_ascii=False)) < 12_000
        told += plain_text(text, blocks)
    assert [told.count(f"Austral {number}:") for number in range(199)] == [1] * 199
    assert f"(1 de {len(made.messages)})" in made.messages[0][0]
    assert "Austral 199" in told, "the one that failed"
