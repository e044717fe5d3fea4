"""Where the F29s stand, as people left them in Odoo."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from ofitec.board.f29_reading import earliest_due, months, read

NOW = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
AROMOS = {"id": 1, "name": "Los Aromos", "vat": "CL76123456-0"}


class Answers:
    """What Odoo answers to the two questions; their shape is that of the RPC contract."""

    def __init__(self, companies: list[dict[str, Any]], forms: list[dict[str, Any]]) -> None:
        self.tables = {"res.company": companies, "of.sii.f29": forms}

    def search_read(self, model: str, domain: list[Any], fields: list[str]) -> list[dict[str, Any]]:
        return self.tables[model]


def form(period: str, status: str, due: str | bool = False) -> dict[str, Any]:
    return {"company_id": [1, "Los Aromos"], "period": period, "status": status, "due_date": due}


def status_by_period(forms: list[dict[str, Any]]) -> dict[str, str]:
    return {row["period"]: row["status"] for row in read(Answers([AROMOS], forms), NOW)}


def test_a_new_company_owes_only_the_last_month() -> None:
    [row] = read(Answers([AROMOS], []), NOW)
    assert (row["rut"], row["period"], row["status"]) == ("76123456-0", "2026-10", "missing")
    assert row["due_date"] == date(2026, 11, 12)


def test_a_gap_between_forms_is_missing() -> None:
    forms = [form("2026-08", "paid"), form("2026-10", "ready")]
    assert status_by_period(forms) == {"2026-08": "paid", "2026-09": "missing", "2026-10": "ready"}


def test_a_rectification_in_draft_leaves_the_month_filed() -> None:
    assert status_by_period([form("2026-10", "filed"), form("2026-10", "draft")]) == {"2026-10": "filed"}


def test_the_forms_own_due_date_wins() -> None:
    [row] = read(Answers([AROMOS], [form("2026-10", "ready", "2026-11-20")]), NOW)
    assert row["due_date"] == date(2026, 11, 20)


def test_companies_without_a_chilean_rut_file_nothing() -> None:
    assert read(Answers([{"id": 1, "name": "Foreign", "vat": "ES12345"}, {**AROMOS, "vat": False}], []), NOW) == []


@pytest.mark.parametrize(
    ("today", "last"), [(date(2026, 1, 1), "2025-12"), (date(2026, 2, 28), "2026-01"), (date(2026, 12, 31), "2026-11")]
)
def test_the_last_complete_month(today: date, last: str) -> None:
    assert months(today, 1) == [last]


def test_december_is_due_in_january() -> None:
    assert earliest_due("2026-12") == date(2027, 1, 12)
