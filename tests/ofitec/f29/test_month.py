"""A month, morning by morning, as `f29_monthly` lives it: real ledger, real files; Odoo answers from a script."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from ofitec.clients.odoo import OdooClient, OdooDown
from ofitec.errors import InputError
from ofitec.f29 import steps
from ofitec.ledger import Ledger, targets
from ofitec.notify import channels
from ofitec.settings import settings
from tests.ofitec.f29.scripted_odoo import RUT, Company


class Mornings:
    """Runs of the DAG, one a day."""

    def __init__(self, company: Company, heard: list[str], folder: Path, ledger: Ledger) -> None:
        self.company, self.heard, self.folder, self.ledger = company, heard, folder, ledger

    def on(self, day: date, **params: Any) -> list[str]:
        """The headlines that the run of that morning told."""
        before = len(self.heard)
        at = datetime(day.year, day.month, day.day, 11, 0, tzinfo=UTC)
        run_id = f"run of {day} {len(self.heard)}"
        for job in steps.plan(params, run_id=run_id, run_after=at):
            steps.months([job], run_id=run_id, run_after=at, force=False)
        return self.heard[before:]

    def csv(self, period: str, version: int = 1) -> str:
        return (self.folder / f"f29/{RUT}/{period}/v{version}/F29_{period}.csv").read_text()


@pytest.fixture
def mornings(
    ledger: Ledger, ledger_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Mornings:
    company = Company()
    heard: list[str] = []
    monkeypatch.setenv("AIRFLOW_CONN_OFITEC_LEDGER", ledger_dsn)
    monkeypatch.setenv("OFITEC_EXPORT_URL", f"file://{tmp_path}")
    monkeypatch.setattr(OdooClient, "from_connection", lambda *_, **__: company)
    monkeypatch.setattr(channels, "tell", lambda text, blocks: heard.append(text))
    settings.cache_clear()
    request.addfinalizer(settings.cache_clear)
    return Mornings(company, heard, tmp_path, ledger)


def september(day: int) -> date:
    return date(2026, 9, day)


def test_a_month_from_its_first_figures_to_its_filing(mornings: Mornings) -> None:
    company = mornings.company
    [first] = mornings.on(september(8))
    assert first.startswith("F29 de agosto de 2026 · Los Aromos: Total a pagar: $32.775")
    assert mornings.on(september(9)) == [], "nothing changed"
    company.sales = 240_000
    [changed] = mornings.on(september(10))
    assert changed.startswith("Cambió el F29 de agosto")
    [reminder] = mornings.on(september(11))
    assert reminder.startswith("Falta declarar: F29 de agosto"), "ten days before"
    assert mornings.on(september(12)) == mornings.on(september(13)) == []
    company.form("2026-08")["status"] = "approved"
    assert len(mornings.on(september(14))) == 1, "seven days before: approved, and still to be filed"
    assert mornings.on(september(14)) == [], "once a day at most"
    assert mornings.on(september(15)) == []
    assert [message[:14] for day in (16, 17, 18) for message in mornings.on(september(day))] == ["Falta declarar"] * 3
    company.file("2026-08", "7000123")
    [filed] = mornings.on(september(19))
    assert filed.startswith("Declarado: F29 de agosto de 2026 · Los Aromos: Monto final: $32.775 · folio 7000123")
    company.form("2026-08")["status"] = "paid"
    assert [mornings.on(september(day)) for day in (20, 21, 25)] == [[], [], []]


def test_overdue_it_is_told_each_day_until_filed(mornings: Mornings) -> None:
    mornings.on(september(8))
    assert mornings.on(september(22))[0].startswith("Vencido sin declarar")
    assert len(mornings.on(september(23))) == 1
    mornings.company.file("2026-08", "1")
    assert mornings.on(september(24))[0].startswith("Declarado")


def test_what_was_added_and_filed_between_two_mornings_is_what_people_get(mornings: Mornings) -> None:
    mornings.on(september(8))
    form = mornings.company.form("2026-08")
    form["casillas"] |= {"48": 1_200_000, "595": 1_232_775, "547": 1_232_775, "91": 1_232_775}
    mornings.company.file("2026-08", "7000123")
    [message] = mornings.on(september(9))
    assert "Monto final: $1.232.775 · folio 7000123" in message
    assert "91,1232775," in mornings.csv("2026-08")


def test_a_month_filed_before_we_looked_is_no_failure(mornings: Mornings) -> None:
    mornings.on(september(8))
    mornings.company.forms["2026-07"] = [{**mornings.company.form("2026-08"), "id": 50, "period": "2026-07"}]
    mornings.company.file("2026-07", "6000")
    [message] = mornings.on(september(8), period="2026-07")
    assert message.startswith("Declarado: F29 de julio")
    job = {"company": {"id": 1, "name": "x", "rut": RUT}, "period": "2026-07", "compute": True}
    [line] = steps.months([job], run_id="again", run_after=datetime(2026, 9, 8, 11, tzinfo=UTC), force=False)
    assert line == "x, julio de 2026: ya declarado, folio 6000, $32.775"
    assert mornings.on(september(8), period="2026-07") == []


def test_a_rectification_is_told_by_its_difference_and_keeps_both_folders(mornings: Mornings) -> None:
    mornings.on(september(8))
    mornings.company.file("2026-08", "1")
    mornings.on(september(19))
    before = mornings.csv("2026-08")
    mornings.company.rectify("2026-08", 350_000)
    [message] = mornings.on(september(22))
    assert message.startswith("Rectificatoria (versión 2) del F29 de agosto")
    assert "Diferencia con lo ya declarado: +$350.000 (de $32.775 a $382.775)" in message
    assert mornings.on(september(23)) == [], "and no reminder: it has no date"
    mornings.company.file("2026-08", "2")
    [message] = mornings.on(september(24))
    assert message.startswith("Declarada: rectificatoria (versión 2) del F29 de agosto")
    assert "+$350.000 (de $32.775 a $382.775) · folio 2" in message
    assert mornings.csv("2026-08") == before
    assert "91,382775," in mornings.csv("2026-08", 2)


def test_an_earlier_month_filed_or_rectified_later_is_looked_after(mornings: Mornings) -> None:
    mornings.on(september(8))
    mornings.on(september(28))
    mornings.company.file("2026-08", "1", filed_on="2026-10-05")
    messages = mornings.on(date(2026, 10, 8))
    assert [line.partition(" · ")[0] for line in messages] == [
        "F29 de septiembre de 2026",
        "Declarado: F29 de agosto de 2026",
    ]
    mornings.company.rectify("2026-08", 1_000)
    assert mornings.on(date(2026, 10, 9)) == [], "an earlier month's open form is a person's, not ours to compute"
    mornings.company.file("2026-08", "2")
    assert mornings.on(date(2026, 10, 10))[0].startswith("Declarada: rectificatoria (versión 2) del F29 de agosto")
    assert mornings.on(date(2026, 10, 12)) == []


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"period": "2026-13"}, "AAAA-MM, por ejemplo 2026-08."),
        ({"period": "2026-09"}, "todavía no termina"),
        ({"period": "2027-01"}, "está en el futuro"),
        ({"companies": ["76.123.456-1"]}, "no es un RUT válido"),
        ({"companies": ["96.512.340-7"]}, "Ninguna empresa de Odoo tiene el RUT 96512340-7"),
    ],
)
def test_a_typing_error_is_answered_in_one_sentence_and_writes_nothing(
    mornings: Mornings, params: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InputError) as refused:
        mornings.on(september(10), **params)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)
    assert mornings.company.forms == {}
    assert mornings.heard == []


def test_a_run_leaves_open_what_it_did_not_reach(mornings: Mornings) -> None:
    mornings.company.down = True
    with pytest.raises(OdooDown):
        mornings.on(september(9))
    [failed] = targets.of_run(mornings.ledger, "f29_monthly", "run of 2026-09-09 0")
    assert (failed.target, failed.label, failed.reached_at) == ("2026-08", "agosto de 2026", None)
    mornings.company.down = False
    mornings.on(september(10))
    done = targets.of_run(mornings.ledger, "f29_monthly", "run of 2026-09-10 0")
    assert {target.target for target in done if target.reached_at} == {"2026-08", f"{RUT}/2026-08"}
