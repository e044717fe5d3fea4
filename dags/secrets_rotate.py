"""### Change the password of the backups

Adds a new key to the restic repository, makes sure that it opens it, puts it into the connection's password file,
removes the old key, and makes a backup with the new one (whose proof follows). Run it by hand; on the 2nd of January
and July it only reminds Slack that it is time.

Needs the connection `restic_default` with extra `password_file`, and those of `backup_nightly`; `slack_default`.
Runbook: docs/runbooks/secrets_rotate.md
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, task

from ofitec.dag_backup import night
from ofitec.dag_defaults import DAG_DEFAULTS, SANTIAGO, Tag


@dag(
    dag_id="secrets_rotate",
    dag_display_name="Cambiar la clave de los respaldos",
    description="Changes the restic repository's password, then backs up with it; twice a year a reminder",
    schedule=CronTriggerTimetable("0 10 2 1,7 *", timezone=SANTIAGO, run_immediately=False),
    tags=[Tag.BACKUP, Tag.SECURITY, Tag.MANUAL],
    doc_md=__doc__,
    dagrun_timeout=timedelta(hours=20),
    **DAG_DEFAULTS,
)
def secrets_rotate() -> None:
    @task.branch(task_display_name="¿A mano o por calendario?")
    def asked(dag_run: Any = None) -> str:
        return "remind" if dag_run.run_type == "scheduled" else "rotate"

    @task(task_display_name="Recordar en Slack")
    def remind(dag_run: Any = None) -> bool:
        from ofitec.backup import tasks

        return tasks.remind(run_id=dag_run.run_id)

    @task(task_display_name="Cambiar la clave", execution_timeout=timedelta(hours=2), multiple_outputs=False)
    def rotate(dag_run: Any = None) -> dict[str, Any]:
        from ofitec.backup import tasks

        return tasks.rotate(run_id=dag_run.run_id)

    first, _ = night(create_repository=False)
    changed = rotate()
    asked() >> [remind(), changed]
    changed >> first


secrets_rotate()
