"""The facts as Prometheus metrics. A fact that is not known gives no sample: rules tell absence from zero."""

from collections.abc import Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from ofitec.board.facts import Facts, LedgerFacts
from ofitec.ledger.backup_history import Backup, Backups
from ofitec.ledger.deploy_history import Deploys


def render(facts: Facts) -> bytes:
    """The text exposition (Prometheus text format 0.0.4) of the facts."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Facts(facts))
    return generate_latest(registry)


class _Facts(Collector):
    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def collect(self) -> Iterator[Metric]:
        facts = self._facts
        yield _gauge("ofitec_ledger_up", "Whether the ledger answered", int(facts.ledger is not None))
        yield _gauge(
            "ofitec_airflow_database_up", "Whether Airflow's database answered", int(facts.airflow is not None)
        )
        if facts.airflow is not None:
            yield from _airflow(facts)
        if facts.ledger is not None:
            yield from _f29(facts.ledger)
            yield _gauge(
                "ofitec_notifications_undelivered",
                "Messages to people of the last day that neither Slack nor e-mail took",
                facts.ledger.undelivered,
            )
            yield from _backups(facts.ledger.backups)
            yield from _deploys(facts.ledger.deploys)
            yield from _staging(facts.ledger)
            yield from _continuous(facts.ledger, facts.now)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


class _Family:
    """A gauge with labels that skips what is not known."""

    def __init__(self, name: str, text: str, labels: list[str]) -> None:
        self.metric = GaugeMetricFamily(name, text, labels=labels)

    def add(self, labels: list[str], value: float | datetime | None) -> None:
        if value is not None:
            self.metric.add_metric(labels, value.timestamp() if isinstance(value, datetime) else value)


def _airflow(facts: Facts) -> Iterator[Metric]:
    state = facts.airflow
    assert state is not None
    beats = _Family(
        "ofitec_airflow_heartbeat_timestamp_seconds", "Last heartbeat of an Airflow component", ["component"]
    )
    for component, moment in state.heartbeats.items():
        beats.add([component], moment)
    yield beats.metric
    yield _gauge("ofitec_airflow_import_errors", "DAG files that cannot be imported", len(state.import_errors))
    waited = (facts.now - state.oldest_waiting).total_seconds() if state.oldest_waiting else 0
    yield _gauge("ofitec_airflow_task_wait_seconds", "How long the longest-waiting task waits for a slot", waited)


def _f29(ledger: LedgerFacts) -> Iterator[Metric]:
    status = _Family(
        "ofitec_f29_status", "1 for the status in which a company's F29 of a month is", ["rut", "period", "status"]
    )
    due = _Family("ofitec_f29_days_to_due", "Days to the due date, negative after it", ["rut", "period"])
    last = _Family(
        "ofitec_f29_days_to_last_due",
        "Days to when it is late for certain: until it is computed, also without payment",
        ["rut", "period"],
    )
    payable = _Family("ofitec_f29_payable_pesos", "What is paid: as filed, else código 91", ["rut", "period"])
    late = _Family("ofitec_f29_filed_late_days", "Days from the due date to the filing, 0 in time", ["rut", "period"])
    rectifying = _Family("ofitec_f29_rectifying", "1 while a filed form's new version is not filed", ["rut", "period"])
    for form in ledger.f29:
        key = [form.rut, form.period]
        status.add([*key, form.status], 1)
        due.add(key, form.due_days)
        last.add(key, form.last_days)
        payable.add(key, form.state.payable)
        late.add(key, None if form.late_days is None else max(form.late_days, 0))
        rectifying.add(key, int(form.state.rectifying is not None))
    yield from (family.metric for family in (status, due, last, payable, late, rectifying))
    if ledger.odoo is not None:
        yield _gauge("ofitec_odoo_read_up", "Whether Odoo answered when it was last asked", int(not ledger.odoo.error))
        if ledger.odoo.read_at is not None:
            yield _gauge(
                "ofitec_f29_read_timestamp_seconds",
                "When Odoo last answered where the F29s stand",
                ledger.odoo.read_at.timestamp(),
            )


def _backups(every: list[Backups]) -> Iterator[Metric]:
    failed = _Family("ofitec_backup_attempt_failed", "1 if the newest ended backup failed", ["env"])
    success = _Family("ofitec_backup_success_timestamp_seconds", "When the newest good backup ended", ["env"])
    snapshot = _Family("ofitec_backup_snapshot_timestamp_seconds", "Moment of the newest good backup's data", ["env"])
    processed = _Family("ofitec_backup_processed_bytes", "Bytes the newest good backup read", ["env", "part"])
    added = _Family("ofitec_backup_added_bytes", "Bytes the newest good backup added", ["env", "part"])
    largest = _Family("ofitec_backup_largest_bytes", "Most bytes one backup of the last 8 days read", ["env"])
    repository = _Family("ofitec_backup_repository_bytes", "Size of the repository", ["env"])
    families = [failed, success, snapshot, processed, added, largest, repository]
    for backups in every:
        env = [backups.env]
        failed.add(env, int(backups.attempt.status == "failed"))
        if (good := backups.checked) is not None:
            success.add(env, good.finished_at)
            snapshot.add(env, good.snapshot_at)
            largest.add(env, backups.largest)
            repository.add(env, good.repository_bytes)
            _sizes(processed, added, good)
    yield from (family.metric for family in families)
    yield from _proofs(every)
    yield from _copies(every)


def _copies(every: list[Backups]) -> Iterator[Metric]:
    begun = _Family(
        "ofitec_backup_copy_begun_timestamp_seconds", "When a copy to the second repository was first tried", ["env"]
    )
    snapshot = _Family(
        "ofitec_backup_copy_snapshot_timestamp_seconds",
        "Moment of the newest good copy's data in the second repository",
        ["env"],
    )
    proven = _Family(
        "ofitec_backup_copy_proof_snapshot_timestamp_seconds",
        "Moment of the newest data proven from the second repository",
        ["env"],
    )
    for backups in every:
        if (copies := backups.copies) is None:
            continue
        begun.add([backups.env], copies.begun)
        snapshot.add([backups.env], copies.newest.snapshot_at if copies.newest else None)
        proven.add([backups.env], copies.passed.snapshot_at if copies.passed else None)
    yield from (family.metric for family in (begun, snapshot, proven))


def _deploys(every: list[Deploys]) -> Iterator[Metric]:
    served = _Family("ofitec_deploy_served_info", "1 for the image that serves", ["env", "digest"])
    since = _Family("ofitec_deploy_served_timestamp_seconds", "Since when it serves", ["env"])
    running = _Family("ofitec_deploy_running_timestamp_seconds", "When the deploy under way was planned", ["env"])
    stuck = _Family("ofitec_deploy_stuck", "1 if the newest deploy could neither finish nor be undone", ["env"])
    for deploys in every:
        if deploys.served is not None:
            served.add([deploys.env, deploys.digest], 1)
        since.add([deploys.env], deploys.served_since)
        running.add([deploys.env], deploys.running_since)
        stuck.add([deploys.env], int(deploys.stuck))
    yield from (family.metric for family in (served, since, running, stuck))


def _staging(ledger: LedgerFacts) -> Iterator[Metric]:
    snapshot = _Family("ofitec_staging_snapshot_timestamp_seconds", "Moment of the staging copy's data", ["env"])
    failed = _Family("ofitec_staging_failed", "1 if the newest attempt at a staging copy failed", ["env"])
    for env, (stands, last) in ledger.staging.items():
        snapshot.add([env], stands.snapshot_at if stands else None)
        failed.add([env], int(last.outcome == "failed"))
    yield from (family.metric for family in (snapshot, failed))


def _continuous(ledger: LedgerFacts, now: datetime) -> Iterator[Metric]:
    begun = _Family("ofitec_continuous_begun_timestamp_seconds", "When the continuous backup was switched on", ["env"])
    archived = _Family("ofitec_continuous_archived_timestamp_seconds", "Last moment of archived WAL", ["env"])
    files = _Family("ofitec_continuous_files_timestamp_seconds", "Newest moment of saved files", ["env"])
    base = _Family("ofitec_continuous_base_timestamp_seconds", "When the newest base backup was complete", ["env"])
    rpo = _Family("ofitec_continuous_rpo_seconds", "Most work that would be lost if Odoo's host died now", ["env"])
    waiting = _Family("ofitec_continuous_wal_waiting_bytes", "WAL written and not archived at the newest look", ["env"])
    failed = _Family("ofitec_continuous_push_failed", "1 if the last push of WAL failed at the newest look", ["env"])
    up = _Family("ofitec_continuous_repository_up", "1 if the newest look could read the WAL's repository", ["env"])
    free = _Family("ofitec_continuous_repository_free_ratio", "Free part of its disk, if it is a folder here", ["env"])
    missing = _Family("ofitec_continuous_missing_segments", "Segments missing since the newest base backup", ["env"])
    for env, found in ledger.continuous.items():
        look, key = found.look, [env]
        begun.add(key, found.begun)
        archived.add(key, found.archived_at)
        files.add(key, found.files_at)
        base.add(key, found.base_at)
        rpo.add(key, found.rpo(now))
        waiting.add(key, look.waiting_bytes)
        failed.add(key, None if look.mark_at is None else int(look.failed_at is not None))
        up.add(key, None if look.repository_up is None else int(look.repository_up))
        free.add(key, look.free_ratio)
        missing.add(key, look.missing)
    families = (begun, archived, files, base, rpo, waiting, failed, up, free, missing)
    yield from (family.metric for family in families)


def _sizes(processed: _Family, added: _Family, backup: Backup) -> None:
    for part, size in backup.processed.items():
        processed.add([backup.env, part], size)
    for part, size in backup.added.items():
        added.add([backup.env, part], size)


def _proofs(every: list[Backups]) -> Iterator[Metric]:
    passed = _Family("ofitec_proof_passed_timestamp_seconds", "When a backup was last proven", ["env"])
    proven = _Family("ofitec_proof_snapshot_timestamp_seconds", "Moment of the newest proven backup's data", ["env"])
    failed = _Family("ofitec_proof_failed", "1 if the newest proof did not pass, by its outcome", ["env", "outcome"])
    rto = _Family("ofitec_proof_rto_seconds", "Seconds the last proof took to restore and boot", ["env"])
    steps = _Family(
        "ofitec_proof_step_seconds", "Seconds of each step of the last passed proof; some overlap", ["env", "step"]
    )
    for backups in every:
        env = [backups.env]
        if (last := backups.proof) is not None:
            for outcome in ("refuted", "failed"):
                failed.add([backups.env, outcome], int(last.outcome == outcome))
        if (good := backups.passed) is not None:
            passed.add(env, good.finished_at)
            proven.add(env, good.snapshot_at)
            rto.add(env, good.rto)
            for step, seconds in good.steps.items():
                steps.add([backups.env, step], seconds)
    yield from (family.metric for family in (passed, proven, failed, rto, steps))
