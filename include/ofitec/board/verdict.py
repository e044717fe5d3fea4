"""The board's answers at a glance: each a level and the key of its sentence (texts.py)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ofitec.board.airflow_state import COMPONENTS, AirflowState
from ofitec.board.facts import F29
from ofitec.clients.alertmanager import WATCHDOG, Firing
from ofitec.ledger.backup_history import Backups
from ofitec.ledger.deploy_history import Deploys
from ofitec.ledger.tables import SourceReading

Level = Literal["good", "warn", "bad", "unknown"]

# the thresholds of the rules: BackupMissing, AirflowSchedulerDown
_NIGHT = timedelta(hours=26)
_TWO_NIGHTS = timedelta(hours=50)
_BEAT = {"scheduler": timedelta(seconds=30)}
_SLOW_BEAT = timedelta(seconds=60)
# Odoo is asked each five minutes while somebody looks; what is older than three of them is no answer about now
_FRESH = timedelta(minutes=15)
_GRAVE = ("missing", "draft", "ready", "approved")


@dataclass(frozen=True)
class Verdict:
    """A level, and which sentence says it."""

    level: Level
    key: str


def backup(backups: Backups | None, now: datetime) -> Verdict:
    """Is the newest backup there, recent and proven, and did the last attempt at one go well?"""
    if backups is not None and backups.attempt.status == "failed":
        return Verdict("bad", "backup_failed")
    if backups is None or backups.checked is None or backups.checked.snapshot_at is None:
        return Verdict("bad", "backup_none")
    age = now - backups.checked.snapshot_at
    if backups.proof is not None and backups.proof.outcome == "refuted":
        return Verdict("bad", "backup_refuted")
    if age > _NIGHT:
        return Verdict("bad" if age > _TWO_NIGHTS else "warn", "backup_old")
    if not backups.proven:
        return Verdict("warn", "backup_unproven")
    return Verdict("good", "backup_proven")


def form(f29: F29) -> Level:
    """How urgent a form is, by the thresholds of the rules F29NotComputed, F29NotApproved and F29NotFiled."""
    if f29.status not in _GRAVE:
        return "good"
    warn, bad = {"missing": (1, 0), "draft": (1, 0), "ready": (3, 1), "approved": (2, 0)}[f29.status]
    if f29.last_days <= bad:
        return "bad"
    return "warn" if f29.due_days <= warn else "unknown"


def odoo(reading: SourceReading | None, now: datetime) -> Verdict:
    """Does Odoo answer? By the last time it was asked where the F29s stand."""
    if reading is None:
        return Verdict("unknown", "odoo_never")
    if reading.error is not None:
        return Verdict("bad", "odoo_down")
    return Verdict("good", "odoo_well") if _fresh(reading, now) else Verdict("warn", "odoo_stale")


def _fresh(reading: SourceReading | None, now: datetime) -> bool:
    return reading is not None and reading.read_at is not None and now - reading.read_at <= _FRESH


def forms(every: list[F29], reading: SourceReading | None, now: datetime) -> tuple[Verdict, F29 | None]:
    """Are all forms filed? And the one that the answer is about. What was read long ago is not good."""
    if reading is None or reading.read_at is None:
        return Verdict("unknown", "f29_unknown"), None
    answer, first = _forms(every)
    if answer.level != "bad" and not _fresh(reading, now):
        return Verdict("warn", "f29_stale"), first
    return answer, first


def _forms(every: list[F29]) -> tuple[Verdict, F29 | None]:
    if not every:
        return Verdict("unknown", "f29_none"), None
    pending = sorted((f29 for f29 in every if f29.status in _GRAVE), key=lambda f29: f29.due_days)
    if not pending:
        return Verdict("good", "f29_done"), None
    levels = {form(f29) for f29 in pending}
    level: Level = "bad" if "bad" in levels else "warn" if "warn" in levels else "good"
    first = next((f29 for f29 in pending if f29.last_days < 0), pending[0])
    return Verdict(level, _due(first)), first


def _due(f29: F29) -> str:
    """The key of the sentence on when an open form is due."""
    if f29.last_days < 0:
        return "f29_overdue"
    if f29.last_days == f29.due_days:
        return "f29_pending"
    return "f29_uncomputed" if f29.due_days >= 0 else "f29_uncomputed_since"


def production(deploys: Deploys | None) -> Verdict:
    """What serves? A deploy that hangs is told first."""
    if deploys is None:
        return Verdict("unknown", "deploy_none")
    if deploys.stuck:
        return Verdict("bad", "deploy_stuck")
    if deploys.running_since is not None:
        return Verdict("warn", "deploy_running")
    if deploys.served is None:
        return Verdict("unknown", "deploy_none")
    return Verdict("good", "deploy_served")


def alerts(firing: list[Firing] | None, configured: bool) -> Verdict:
    """What fires? A watch whose Watchdog is silent does not count as quiet."""
    if firing is None:
        return Verdict("bad" if configured else "unknown", "alerts_down" if configured else "alerts_off")
    severities = {alert.severity for alert in firing if alert.name != WATCHDOG}
    if "critical" in severities:
        return Verdict("bad", "alerts_firing")
    if severities:
        return Verdict("warn", "alerts_firing")
    if all(alert.name != WATCHDOG for alert in firing):
        return Verdict("warn", "alerts_blind")
    return Verdict("good", "alerts_none")


def component(state: AirflowState, name: str, now: datetime) -> Level:
    """Whether a component of Airflow beats."""
    beat = state.heartbeats.get(name)
    return "good" if beat is not None and now - beat <= _BEAT.get(name, _SLOW_BEAT) else "bad"


def airflow(state: AirflowState | None, now: datetime) -> Verdict:
    """Does Airflow run, and does it read every DAG?"""
    if state is None:
        return Verdict("bad", "airflow_unknown")
    if any(component(state, name, now) == "bad" for name in COMPONENTS):
        return Verdict("bad", "airflow_dead")
    if state.import_errors:
        return Verdict("bad", "airflow_imports")
    return Verdict("good", "airflow_well")
