"""What Airflow's own database tells of its health. Runs in the API server, which may read it (tasks may not)."""

from dataclasses import dataclass
from datetime import UTC, datetime

COMPONENTS = ("scheduler", "dag-processor", "triggerer")


@dataclass(frozen=True)
class AirflowState:
    """Airflow's health. A component that never started has no heartbeat."""

    heartbeats: dict[str, datetime]
    import_errors: tuple[str, ...]
    oldest_waiting: datetime | None
    paused: frozenset[str]


def read() -> AirflowState:
    """Heartbeats, DAG files that cannot be imported, and since when the longest-waiting task waits for a slot.

    :raises sqlalchemy.exc.SQLAlchemyError: if Airflow's database does not answer
    """
    from airflow.models.dag import DagModel
    from airflow.models.errors import ParseImportError
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from airflow.utils.state import TaskInstanceState
    from sqlalchemy import func, select

    waiting = (TaskInstanceState.SCHEDULED, TaskInstanceState.QUEUED)
    since = func.min(func.coalesce(TaskInstance.scheduled_dttm, TaskInstance.queued_dttm))
    with create_session(scoped=False) as session:
        return AirflowState(
            heartbeats=_heartbeats(session),
            import_errors=tuple(session.scalars(select(ParseImportError.filename).order_by(ParseImportError.filename))),
            oldest_waiting=_aware(session.scalar(select(since).where(TaskInstance.state.in_(waiting)))),
            paused=frozenset(session.scalars(select(DagModel.dag_id).where(DagModel.is_paused))),
        )


def _heartbeats(session: object) -> dict[str, datetime]:
    from airflow.jobs.job import Job
    from sqlalchemy import func, select
    from sqlalchemy.orm import Session

    assert isinstance(session, Session)
    kinds = {"SchedulerJob": "scheduler", "DagProcessorJob": "dag-processor", "TriggererJob": "triggerer"}
    latest = select(Job.job_type, func.max(Job.latest_heartbeat)).where(Job.job_type.in_(kinds)).group_by(Job.job_type)
    return {kinds[str(kind)]: moment for kind, beat in session.execute(latest) if (moment := _aware(beat))}


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
