"""The answers at a glance."""

import dataclasses
from datetime import UTC, date, datetime, timedelta

import pytest

from ofitec.board import verdict
from ofitec.board.airflow_state import COMPONENTS, AirflowState
from ofitec.board.facts import F29, read_ledger
from ofitec.clients.alertmanager import Firing
from ofitec.ledger import Ledger
from ofitec.ledger.tables import F29State, SourceReading
from tests.ofitec.board.past import backup, proof


def judged(ledger: Ledger, now: datetime) -> tuple[str, str]:
    with ledger.transaction() as session:
        found = read_ledger(session, now).backups
    answer = verdict.backup(found[0] if found else None, now)
    return answer.level, answer.key


def test_last_night_proven(past: Ledger, now: datetime) -> None:
    assert judged(past, now) == ("good", "backup_proven")


@pytest.mark.parametrize(
    ("hours", "expected"), [(21, ("warn", "backup_old")), (45, ("bad", "backup_old")), (19, ("good", "backup_proven"))]
)
def test_time_passes(past: Ledger, now: datetime, hours: int, expected: tuple[str, str]) -> None:
    assert judged(past, now + timedelta(hours=hours)) == expected


def test_no_backup_not_proven_failed_refuted(ledger: Ledger, now: datetime) -> None:
    assert judged(ledger, now) == ("bad", "backup_none")
    night = backup(now - timedelta(hours=3))
    with ledger.transaction() as session:
        session.add(night)
    assert judged(ledger, now) == ("warn", "backup_unproven")
    with ledger.transaction() as session:
        session.add(proof(night, minutes=9))
    assert judged(ledger, now) == ("good", "backup_proven")
    with ledger.transaction() as session:
        session.add(backup(now - timedelta(hours=1), failed=True))
    assert judged(ledger, now) == ("bad", "backup_failed"), "however good the one before is"
    with ledger.transaction() as session:
        session.add(backup(now))
        session.add(proof(session.merge(night), minutes=9, refuted=True))
    assert judged(ledger, now) == ("bad", "backup_refuted")


def test_a_failed_night_without_any_good_one_is_told_as_failed(ledger: Ledger, now: datetime) -> None:
    with ledger.transaction() as session:
        session.add(backup(now, failed=True))
    assert judged(ledger, now) == ("bad", "backup_failed")


def test_the_form_due_first_speaks(past: Ledger, now: datetime) -> None:
    with past.transaction() as session:
        known = read_ledger(session, now)
    answer, first = verdict.forms(known.f29, known.odoo, now)
    assert (answer.level, answer.key) == ("warn", "f29_pending")
    assert first is not None
    assert first.due_days == 2
    assert verdict.forms([], known.odoo, now)[0] == verdict.Verdict("unknown", "f29_none")
    assert verdict.forms([], None, now)[0] == verdict.Verdict("unknown", "f29_unknown")


def test_what_was_read_too_long_ago_is_not_good(past: Ledger, now: datetime) -> None:
    with past.transaction() as session:
        known = read_ledger(session, now)
    filed = [form for form in known.f29 if form.status == "paid"]
    assert verdict.forms(filed, known.odoo, now)[0].key == "f29_done"
    later = now + timedelta(minutes=13)
    assert verdict.forms(filed, known.odoo, later)[0] == verdict.Verdict("warn", "f29_stale")
    overdue = [dataclasses.replace(form, status="ready", due_days=-1) for form in filed]
    assert verdict.forms(overdue, known.odoo, later)[0].level == "bad", "age does not soften what was bad"


@pytest.mark.parametrize(
    ("day", "level", "key"),
    [
        (18, "good", "f29_uncomputed"),
        (19, "warn", "f29_uncomputed"),
        (20, "warn", "f29_uncomputed"),
        (21, "warn", "f29_uncomputed_since"),
        (27, "warn", "f29_uncomputed_since"),
        (28, "bad", "f29_uncomputed_since"),
        (29, "bad", "f29_overdue"),
    ],
)
def test_a_month_that_is_not_computed_is_overdue_when_it_is_so_without_payment_too(
    day: int, level: verdict.Level, key: str
) -> None:
    """Who has nothing to pay may declare until the 28th (SII FAQ 1597), whatever the company's own day."""
    row = F29State(rut="76123456-0", company="x", period="2026-10", status="missing", due_date=date(2026, 11, 20))
    month = F29(row.rut, row.company, row.period, row.status, due_days=20 - day, state=row)
    read = datetime(2026, 11, day, 11, tzinfo=UTC)
    reading = SourceReading(source="odoo", tried_at=read, read_at=read, error=None)
    assert verdict.forms([month], reading, read) == (verdict.Verdict(level, key), month)
    assert verdict.form(month) == ("unknown" if level == "good" else level)


def test_a_month_whose_last_date_was_extended_is_not_overdue_before_that(now: datetime) -> None:
    due = {"due_date": date(2026, 11, 20), "last_due_date": date(2026, 11, 30)}
    row = F29State(rut="76123456-0", company="x", period="2026-10", status="missing", **due)
    month = F29(row.rut, row.company, row.period, row.status, due_days=-9, state=row)
    assert (month.last_due, month.last_days) == (date(2026, 11, 30), 1)
    reading = SourceReading(source="odoo", tried_at=now, read_at=now, error=None)
    assert verdict.forms([month], reading, now)[0].key == "f29_uncomputed_since"


def test_a_computed_form_is_overdue_after_its_own_date(now: datetime) -> None:
    row = F29State(rut="76123456-0", company="x", period="2026-10", status="ready", due_date=date(2026, 11, 20))
    late = F29(row.rut, row.company, row.period, row.status, due_days=-1, state=row)
    open_one = dataclasses.replace(late, status="missing", due_days=-3)
    assert (late.last_due, late.last_days) == (date(2026, 11, 20), -1)
    reading = SourceReading(source="odoo", tried_at=now, read_at=now, error=None)
    assert verdict.forms([open_one, late], reading, now) == (verdict.Verdict("bad", "f29_overdue"), late)


def test_odoo_by_its_last_answer(now: datetime) -> None:
    def reading(minutes: int, error: str | None = None) -> SourceReading:
        at = now - timedelta(minutes=minutes)
        return SourceReading(source="odoo", tried_at=at, read_at=at, error=error)

    assert verdict.odoo(None, now) == verdict.Verdict("unknown", "odoo_never")
    assert verdict.odoo(reading(3), now) == verdict.Verdict("good", "odoo_well")
    assert verdict.odoo(reading(16), now) == verdict.Verdict("warn", "odoo_stale")
    assert verdict.odoo(reading(0, "Odoo no responde"), now) == verdict.Verdict("bad", "odoo_down")


def firing(name: str, severity: str, now: datetime) -> Firing:
    return Firing(name, severity, "s", "d", "https://r.example", now)


def test_alerts_and_the_watch_itself(now: datetime) -> None:
    watchdog, grave = firing("Watchdog", "none", now), firing("OdooDown", "critical", now)
    assert verdict.alerts([watchdog], configured=True).level == "good"
    assert verdict.alerts([watchdog, grave], configured=True).level == "bad"
    assert verdict.alerts([], configured=True).key == "alerts_blind"
    assert verdict.alerts(None, configured=True).key == "alerts_down"
    assert verdict.alerts(None, configured=False).key == "alerts_off"


def test_airflow_is_well_only_with_every_part_beating(now: datetime) -> None:
    beats = dict.fromkeys(COMPONENTS, now - timedelta(seconds=10))
    well = AirflowState(beats, (), None, frozenset())
    assert verdict.airflow(well, now).key == "airflow_well"
    assert verdict.airflow(well, now + timedelta(minutes=1)).key == "airflow_dead"
    assert verdict.airflow(AirflowState({}, (), None, frozenset()), now).key == "airflow_dead"
    assert verdict.airflow(AirflowState(beats, ("x.py",), None, frozenset()), now).key == "airflow_imports"
    assert verdict.airflow(None, now).level == "bad"
