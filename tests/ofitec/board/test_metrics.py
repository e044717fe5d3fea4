"""What a scrape says of a ledger: the right figures, and silence where nothing is known."""

from datetime import datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ofitec.board import metrics
from ofitec.board.airflow_state import AirflowState
from ofitec.board.facts import Facts, read_ledger
from ofitec.ledger import Ledger, f29_states
from ofitec.ledger.tables import BackupRun
from tests.ofitec.board.past import ENV, READ, backup, copied, deployment, digest, proof

Samples = dict[tuple[str, ...], float]


def samples(facts: Facts) -> Samples:
    """(name, label values in the order of the label names) to value."""
    text = metrics.render(facts).decode()
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of(ledger: Ledger, now: datetime) -> Samples:
    with ledger.transaction() as session:
        return samples(Facts(now=now, ledger=read_ledger(session, now), airflow=None))


def test_backups_and_proofs_of_three_years(past: Ledger, now: datetime) -> None:
    found = of(past, now)
    night = now.replace(hour=5, minute=30).timestamp()
    assert found["ofitec_backup_snapshot_timestamp_seconds", ENV] == night
    assert found["ofitec_backup_success_timestamp_seconds", ENV] == night + 6 * 60
    assert found["ofitec_backup_attempt_failed", ENV] == 0
    assert found["ofitec_backup_processed_bytes", ENV, "filestore"] == pytest.approx(0.6 * 2_838_000_000)
    assert found["ofitec_backup_largest_bytes", ENV] == 2_838_000_000
    assert found["ofitec_proof_passed_timestamp_seconds", ENV] == night + 3600
    assert found["ofitec_proof_snapshot_timestamp_seconds", ENV] == night
    assert found["ofitec_proof_rto_seconds", ENV] == 660
    assert found["ofitec_proof_step_seconds", ENV, "load"] == 396
    assert found["ofitec_proof_failed", ENV, "refuted"] == 0


def test_what_serves_is_the_newest_deploy_that_was_done(past: Ledger, now: datetime) -> None:
    found = of(past, now)
    served = now - timedelta(days=10) + timedelta(minutes=4)
    assert found["ofitec_deploy_served_info", digest(148), ENV] == 1
    assert found["ofitec_deploy_served_timestamp_seconds", ENV] == served.timestamp()
    assert found["ofitec_deploy_stuck", ENV] == 0
    assert ("ofitec_deploy_running_timestamp_seconds", ENV) not in found


@pytest.mark.parametrize("status", ["running", "stuck", "planned"])
def test_a_deploy_that_hangs(ledger: Ledger, now: datetime, status: str) -> None:
    row = deployment(148, now)
    row.status, row.finished_at = status, None
    with ledger.transaction() as session:
        session.add(row)
    found = of(ledger, now)
    assert found["ofitec_deploy_stuck", ENV] == int(status == "stuck")
    assert (("ofitec_deploy_running_timestamp_seconds", ENV) in found) is (status == "running")
    assert not [name for name, *_ in found if "served" in name]


def test_the_forms_with_their_days_and_the_lost_message(past: Ledger, now: datetime) -> None:
    found = of(past, now)
    assert found["ofitec_f29_status", "2026-10", "76123456-0", "ready"] == 1
    assert found["ofitec_f29_status", "2026-10", "77888999-1", "missing"] == 1
    assert found["ofitec_f29_days_to_due", "2026-10", "76123456-0"] == 2
    assert found["ofitec_f29_days_to_due", "2026-09", "76123456-0"] == -35
    assert found["ofitec_f29_days_to_last_due", "2026-10", "76123456-0"] == 2
    assert found["ofitec_f29_days_to_last_due", "2026-10", "77888999-1"] == 4, (
        "not computed: the 28th, if nothing is due"
    )
    assert found["ofitec_f29_payable_pesos", "2026-10", "76123456-0"] == 4_318_250
    assert found["ofitec_f29_payable_pesos", "2026-09", "76123456-0"] == 2_482_412, "as filed, not as delivered"
    assert ("ofitec_f29_payable_pesos", "2026-10", "77888999-1") not in found
    assert found["ofitec_f29_filed_late_days", "2026-09", "76123456-0"] == 2
    assert found["ofitec_f29_filed_late_days", "2026-08", "76123456-0"] == 0
    assert ("ofitec_f29_filed_late_days", "2026-10", "76123456-0") not in found
    assert found["ofitec_f29_rectifying", "2026-09", "77888999-1"] == 1
    assert found["ofitec_f29_rectifying", "2026-09", "76123456-0"] == 0
    assert found["ofitec_odoo_read_up",] == 1
    assert found["ofitec_f29_read_timestamp_seconds",] == (now - READ).timestamp()
    assert found["ofitec_notifications_undelivered",] == 1


def test_an_empty_ledger_says_nothing_of_backups(ledger: Ledger, now: datetime) -> None:
    found = of(ledger, now)
    assert found["ofitec_ledger_up",] == 1
    assert not [
        name for name, *_ in found if name.startswith(("ofitec_backup", "ofitec_proof", "ofitec_f29", "ofitec_odoo"))
    ]


def test_a_failed_night_keeps_the_good_one_before_it(ledger: Ledger, now: datetime) -> None:
    with ledger.transaction() as session:
        session.add_all([backup(now - timedelta(days=1)), backup(now, failed=True)])
    found = of(ledger, now)
    assert found["ofitec_backup_attempt_failed", ENV] == 1
    assert found["ofitec_backup_snapshot_timestamp_seconds", ENV] == (now - timedelta(days=1)).timestamp()


@pytest.mark.parametrize("lost_as", ["refuted", "lost"])
def test_a_snapshot_that_is_refuted_or_gone_counts_no_more(ledger: Ledger, now: datetime, lost_as: str) -> None:
    older, newer = backup(now - timedelta(days=1)), backup(now)
    with ledger.transaction() as session:
        session.add_all([older, newer])
        session.flush()
        session.add_all([proof(older, minutes=10), proof(newer, minutes=10, refuted=lost_as == "refuted")])
        newer.status = lost_as
    found = of(ledger, now)
    yesterday = (now - timedelta(days=1)).timestamp()
    assert found["ofitec_backup_snapshot_timestamp_seconds", ENV] == yesterday
    assert found["ofitec_proof_snapshot_timestamp_seconds", ENV] == yesterday
    assert found["ofitec_proof_failed", ENV, "refuted"] == int(lost_as == "refuted")


def test_a_second_copy_has_its_own_figures_and_changes_none_of_the_nights(ledger: Ledger, now: datetime) -> None:
    night = backup(now - timedelta(days=3))
    with ledger.transaction() as session:
        session.add(night)
        session.flush()
        session.add(proof(night, minutes=10))
    before = of(ledger, now)
    assert not [name for name, *_ in before if "copy" in name], "nobody wants a second copy"
    there = copied(night)
    late = BackupRun(**_columns(there), env=ENV)
    late.key, late.status, late.snapshot_at, late.finished_at = "another", "failed", None, now
    with ledger.transaction() as session:
        session.add_all([there, late])
    found = of(ledger, now)
    at = (now - timedelta(days=3)).timestamp()
    assert found["ofitec_backup_copy_snapshot_timestamp_seconds", ENV] == at
    assert found["ofitec_backup_copy_begun_timestamp_seconds", ENV] == at + 3600
    assert ("ofitec_backup_copy_proof_snapshot_timestamp_seconds", ENV) not in found
    with ledger.transaction() as session:
        session.add(proof(there, minutes=10, refuted=True))
        session.merge(there)
    found = of(ledger, now)
    assert ("ofitec_backup_copy_snapshot_timestamp_seconds", ENV) not in found
    assert {name: value for name, value in found.items() if "copy" not in name[0]} == before


def test_two_installations_are_told_apart(ledger: Ledger, now: datetime) -> None:
    other = backup(now - timedelta(hours=5))
    with ledger.transaction() as session:
        session.add_all([backup(now), BackupRun(**_columns(other), env="staging")])
    found = of(ledger, now)
    assert found["ofitec_backup_snapshot_timestamp_seconds", "production"] == now.timestamp()
    assert found["ofitec_backup_snapshot_timestamp_seconds", "staging"] == (now - timedelta(hours=5)).timestamp()


def _columns(row: BackupRun) -> dict[str, object]:
    return {c.key: getattr(row, c.key) for c in BackupRun.__mapper__.column_attrs if c.key not in ("id", "env")}


def test_sources_that_do_not_answer_are_told_and_leave_no_old_value(now: datetime) -> None:
    assert samples(Facts(now=now, ledger=None, airflow=None)) == {
        ("ofitec_ledger_up",): 0,
        ("ofitec_airflow_database_up",): 0,
    }


def test_airflow_health(now: datetime) -> None:
    state = AirflowState(
        heartbeats={"scheduler": now - timedelta(seconds=5)},
        import_errors=("f29_monthly.py",),
        oldest_waiting=now - timedelta(minutes=12),
        paused=frozenset(),
    )
    found = samples(Facts(now=now, ledger=None, airflow=state))
    assert found["ofitec_airflow_heartbeat_timestamp_seconds", "scheduler"] == now.timestamp() - 5
    assert ("ofitec_airflow_heartbeat_timestamp_seconds", "triggerer") not in found
    assert found["ofitec_airflow_import_errors",] == 1
    assert found["ofitec_airflow_task_wait_seconds",] == 720


def test_an_odoo_that_does_not_answer_keeps_the_time_of_its_last_answer(ledger: Ledger, now: datetime) -> None:
    f29_states.save(ledger, [], "2026-08", now - timedelta(hours=2))
    f29_states.failed(ledger, "Odoo no responde", now)
    found = of(ledger, now)
    assert found["ofitec_odoo_read_up",] == 0
    assert found["ofitec_f29_read_timestamp_seconds",] == (now - timedelta(hours=2)).timestamp()
