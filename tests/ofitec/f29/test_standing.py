"""Where the F29s stand, as people left them in Odoo."""

import threading
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from ofitec.errors import PermanentError
from ofitec.f29 import standing
from ofitec.f29.period import Period
from ofitec.f29.standing import earliest_due, latest_due, read, save
from ofitec.ledger import Ledger, f29_states
from ofitec.ledger.tables import F29State

NOW = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
AROMOS = {"id": 1, "name": "Los Aromos", "vat": "CL76123456-0", "parent_id": False}


class Answers:
    """What Odoo answers to the two questions; their shape is that of the RPC contract."""

    def __init__(self, companies: list[dict[str, Any]], forms: list[dict[str, Any]]) -> None:
        self.tables = {"res.company": companies, "of.sii.f29": forms}
        self.due: object = {"with_payment": "2026-11-20", "without_payment": "2026-11-28"}

    def call(self, model: str, method: str, *args: object) -> object:
        assert (model, method) == ("of.sii.f29", "read_due_dates"), "where forms stand is read, never computed"
        if isinstance(self.due, Exception):
            raise self.due
        return self.due

    def search_read(self, model: str, domain: list[Any], fields: list[str]) -> list[dict[str, Any]]:
        return [{name: row[name] for name in ("id", *fields) if name in row} for row in self.tables[model]]


def form(period: str, status: str, due: str | bool = False, **more: Any) -> dict[str, Any]:
    plain = {"version": 1, "total_to_pay": 2_132_412.0, "filed_total": 0.0, "folio": False, "filed_on": False}
    where = {"company_id": [1, "Los Aromos"], "period": period, "status": status, "due_date": due}
    return {**where, **plain, **more}


def rows(*forms: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["period"]: row for row in read(Answers([AROMOS], list(forms)), NOW)}


def test_a_new_company_owes_only_the_last_month() -> None:
    [row] = read(Answers([AROMOS], []), NOW)
    assert (row["rut"], row["period"], row["status"], row["payable"]) == ("76123456-0", "2026-10", "missing", None)
    assert row["due_date"] == date(2026, 11, 20), "as Odoo knows it by the company and the holidays"
    assert row["last_due_date"] == date(2026, 11, 28)


@pytest.mark.parametrize(("paid", "unpaid", "last"), [(23, 30, 30), (30, 28, 30)])
def test_dates_that_the_sii_extended_are_those_of_odoo(paid: int, unpaid: int, last: int) -> None:
    odoo = Answers([AROMOS], [])
    odoo.due = {"with_payment": f"2026-11-{paid}", "without_payment": f"2026-11-{unpaid}"}
    [row] = read(odoo, NOW)
    assert (row["due_date"], row["last_due_date"]) == (date(2026, 11, paid), date(2026, 11, last))


def test_a_month_whose_due_date_odoo_does_not_say_is_due_on_the_first_legal_day() -> None:
    odoo = Answers([AROMOS], [])
    odoo.due = PermanentError("Odoo no tiene el método of.sii.f29.read_due_dates")
    [row] = read(odoo, NOW)
    assert (row["due_date"], row["last_due_date"]) == (date(2026, 11, 12), date(2026, 11, 28))


def test_a_gap_between_forms_is_missing() -> None:
    found = rows(form("2026-08", "paid"), form("2026-10", "ready"))
    assert {period: row["status"] for period, row in found.items()} == {
        "2026-08": "paid",
        "2026-09": "missing",
        "2026-10": "ready",
    }


def test_the_figure_is_what_was_filed() -> None:
    filed = form("2026-10", "filed", folio="70001", filed_total=2_482_412.0, filed_on="2026-11-19")
    row = rows(filed)["2026-10"]
    assert (row["payable"], row["folio"], row["filed_on"]) == (2_482_412, "70001", date(2026, 11, 19))
    assert rows(form("2026-10", "approved"))["2026-10"]["payable"] == 2_132_412
    before = rows(form("2026-10", "filed"))["2026-10"]
    assert before["payable"] == 2_132_412, "filed by an add-on that did not ask what was filed"


@pytest.mark.parametrize("status", ["draft", "ready", "approved"])
def test_a_rectification_that_is_not_filed_leaves_month_and_figure_as_filed(status: str) -> None:
    filed = form("2026-10", "filed", folio="1", filed_total=500.0)
    row = rows(form("2026-10", status, version=2, total_to_pay=900.0), filed)["2026-10"]
    assert (row["status"], row["version"], row["payable"], row["rectifying"]) == ("filed", 1, 500, status)


def test_a_filed_rectification_is_what_counts() -> None:
    first = form("2026-10", "paid", folio="1", filed_total=500.0)
    second = form("2026-10", "filed", version=2, folio="2", filed_total=900.0)
    row = rows(first, second)["2026-10"]
    assert (row["status"], row["version"], row["payable"], row["folio"]) == ("filed", 2, 900, "2")
    assert row["rectifying"] is None


def test_the_forms_own_due_date_wins() -> None:
    assert rows(form("2026-10", "ready", "2026-11-20"))["2026-10"]["due_date"] == date(2026, 11, 20)


def test_companies_without_a_chilean_rut_and_branches_file_nothing() -> None:
    branch = {"id": 5, "name": "Norte", "vat": "76123456-0", "parent_id": [1, "Los Aromos"]}
    foreign = {"id": 4, "name": "Foreign", "vat": "ES12345", "parent_id": False}
    [row] = read(Answers([branch, foreign, AROMOS], []), NOW)
    assert row["company"] == "Los Aromos"
    assert read(Answers([foreign], []), NOW) == []


def test_december_is_due_in_january() -> None:
    assert earliest_due(Period(2026, 12)) == date(2027, 1, 12)
    assert latest_due(Period(2026, 12)) == date(2027, 1, 28), "a Thursday or not: it is not moved"


def kept(ledger: Ledger) -> list[tuple[str, str, int | None]]:
    with ledger.transaction() as session:
        return [(row.period, row.status, row.payable) for row in session.query(F29State).order_by(F29State.period)]


def test_a_reading_replaces_the_one_before(ledger: Ledger) -> None:
    save(ledger, read(Answers([AROMOS], [form("2026-10", "ready")]), NOW), NOW)
    assert kept(ledger) == [("2026-10", "ready", 2_132_412)]
    save(ledger, [], NOW + timedelta(minutes=5))
    assert kept(ledger) == [], "its company is gone"
    last = f29_states.reading(ledger)
    assert last is not None
    assert (last.read_at, last.error) == (NOW + timedelta(minutes=5), None)


def test_an_odoo_that_does_not_answer_is_noted_and_asked_again_sooner(
    ledger: Ledger, ledger_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_OFITEC_LEDGER", ledger_dsn)
    monkeypatch.setenv("AIRFLOW_CONN_ODOO_DEFAULT", "generic://bot:word@127.0.0.1:1/none")
    now = datetime.now(UTC)
    save(ledger, [], now - timedelta(minutes=7))
    standing.refresh()
    last = f29_states.reading(ledger)
    assert last is not None
    assert last.error is not None
    assert "127.0.0.1:1" in last.error
    assert "word" not in last.error
    assert last.read_at == now - timedelta(minutes=7)
    assert standing._due(last, last.tried_at + timedelta(minutes=2))
    assert not standing._due(last, last.tried_at + timedelta(seconds=30))


def test_a_page_waits_for_an_odoo_that_hangs_no_longer_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    release, entered = threading.Event(), []

    def hang(*_: object) -> None:
        entered.append(1)
        release.wait(10)

    monkeypatch.setattr(standing, "open_ledger", lambda: None)
    monkeypatch.setattr(standing, "_refresh", hang)
    begun = time.monotonic()
    standing.refresh_within(0.1)
    standing.refresh_within(0.1)
    assert time.monotonic() - begun < 2
    assert entered == [1], "a second page starts no second reading"
    release.set()
    until = time.monotonic() + 10
    while standing._here.locked() and time.monotonic() < until:
        time.sleep(0.01)
    assert not standing._here.locked()
