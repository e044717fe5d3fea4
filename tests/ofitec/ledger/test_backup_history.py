"""What the ledger tells of backups: failed nights, proofs under way, refutations that stand."""

from datetime import UTC, datetime, timedelta

import pytest

from ofitec.ledger import Ledger, backup_history, backups
from tests.ofitec.board.past import ENV, backup

AT = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)


def seen(ledger: Ledger) -> backup_history.Backups:
    with ledger.transaction() as session:
        (found,) = backup_history.read(session, AT + timedelta(hours=6))
    return found


@pytest.fixture
def key(ledger: Ledger) -> str:
    """A good backup."""
    row = backup(AT)
    with ledger.transaction() as session:
        session.add(row)
    return row.key


def judge(ledger: Ledger, key: str, outcome: str) -> None:
    row = backups.get(ledger, key)
    assert row is not None
    number = backups.start_proof(ledger, row, run_id="r", started_at=AT)
    if outcome != backups.RUNNING:
        backups.finish_proof(ledger, number, outcome)


def test_a_night_that_failed_before_its_backup_began_is_the_newest_attempt(ledger: Ledger, key: str) -> None:
    told = "El repositorio de respaldos no está; según el registro debía tener 3 respaldos."
    for _ in range(3):  # Airflow tries again: still one night
        backups.note_failure(ledger, env=ENV, repository="", run_id="night", error="gone", said=told)
    attempt = seen(ledger).attempt
    assert (attempt.status, attempt.run_id, attempt.said, attempt.error) == ("failed", "night", told, "gone")
    assert len(backups.of_status(ledger, ENV, backups.FAILED)) == 1


def test_a_backup_whose_check_failed_is_a_failed_attempt_until_a_check_counts_it(ledger: Ledger, key: str) -> None:
    backups.change(ledger, key, status=backups.STORED, said="El almacenamiento no responde.", error="x")
    assert seen(ledger).attempt.status == "failed"
    backups.change(ledger, key, status=backups.CHECKED, said=None, error=None)
    assert seen(ledger).attempt.status == "checked"


def test_a_refutation_stands_until_a_proof_passes(ledger: Ledger, key: str) -> None:
    judge(ledger, key, backups.REFUTED)
    for outcome in (backups.FAILED, backups.RUNNING):
        judge(ledger, key, outcome)
        proof = seen(ledger).proof
        assert proof is not None
        assert proof.outcome == "refuted"
    judge(ledger, key, backups.PASSED)
    found = seen(ledger)
    assert found.proof is not None
    assert (found.proof.outcome, found.proven) == ("passed", True)


def test_a_proof_under_way_is_not_the_last_one(ledger: Ledger, key: str) -> None:
    judge(ledger, key, backups.PASSED)
    judge(ledger, key, backups.RUNNING)
    proof = seen(ledger).proof
    assert proof is not None
    assert proof.outcome == "passed"
