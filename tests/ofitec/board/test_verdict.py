"""The answers at a glance."""

from datetime import datetime, timedelta

import pytest

from ofitec.board import verdict
from ofitec.board.airflow_state import COMPONENTS, AirflowState
from ofitec.board.facts import read_ledger
from ofitec.clients.alertmanager import Firing
from ofitec.ledger import Ledger
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
    assert judged(ledger, now) == ("warn", "backup_failed")
    with ledger.transaction() as session:
        session.add(proof(session.merge(night), minutes=9, refuted=True))
    # its only snapshot counts no more
    assert judged(ledger, now) == ("bad", "backup_none")


def test_the_form_due_first_speaks(past: Ledger, now: datetime) -> None:
    with past.transaction() as session:
        forms = read_ledger(session, now).f29
    answer, first = verdict.forms(forms)
    assert (answer.level, answer.key) == ("warn", "f29_pending")
    assert first is not None
    assert first.due_days == 2
    assert verdict.forms([])[0].level == "unknown"


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
