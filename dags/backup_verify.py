"""### Proof of a backup

Restores a backup by the ids of its snapshots into a throw-away database and folder, compares every table (rows and
their hashes) and every attachment (sha1) with the figures taken at the source, runs Odoo on it (neutralised, without
cron and network), and writes the proof with the time each step took. The copy is always dropped, and no database that
this package did not make is ever touched.

Runs after each backup, and on Sundays in full: then every byte of the repository is read as well, and Slack is told.

Needs the connections `odoo_db`, `restic_default`, `ofitec_ledger`, `slack_default`; disk space for a copy.
Runbook: docs/runbooks/backup_verify.md
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, Param, dag, task

from ofitec.dag_backup import LONG, ODOO_BACKUP
from ofitec.dag_defaults import DAG_DEFAULTS, SANTIAGO, Tag

PARAMS = {
    "backup": Param(
        None,
        type=["null", "string"],
        pattern=r"^\d{8}T\d{6}Z-[0-9a-f]{6}$",
        title="Respaldo",
        description="Cuál probar, por ejemplo 20261124T053000Z-3f9a01. Vacío: el más nuevo.",
    ),
    "read_data": Param(
        False,
        type="boolean",
        title="Leer todo el repositorio",
        description="Lee además cada byte del repositorio, como cada domingo.",
    ),
}


@dag(
    dag_id="backup_verify",
    dag_display_name="Prueba del respaldo",
    description="Restores a backup, compares it with its source row by row and file by file, and boots it",
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("0 5 * * 0", timezone=SANTIAGO, run_immediately=False), assets=[ODOO_BACKUP]
    ),
    params=PARAMS,
    tags=[Tag.BACKUP, Tag.SCHEDULED],
    doc_md=__doc__,
    dagrun_timeout=timedelta(hours=20),
    **DAG_DEFAULTS,
)
def backup_verify() -> None:
    @task(task_display_name="Elegir el respaldo")
    def choose(params: Any = None, triggering_asset_events: Any = None) -> str:
        from ofitec.backup import tasks

        events = [event.extra for found in (triggering_asset_events or {}).values() for event in found]
        return tasks.choose(params["backup"] or "", events)

    @task(task_display_name="Restaurar", execution_timeout=LONG, multiple_outputs=False)
    def restore(key: str, params: Any = None, dag_run: Any = None) -> dict[str, Any]:
        from ofitec.backup import tasks

        weekly = dag_run.run_type == "scheduled"
        return tasks.restore_copy(key, run_id=dag_run.run_id, read_data=params["read_data"] or weekly)

    @task(task_display_name="Comparar", execution_timeout=LONG, multiple_outputs=False)
    def compare(evidence: dict[str, Any], dag_run: Any = None) -> dict[str, Any]:
        from ofitec.backup import tasks

        return tasks.compare(evidence, run_id=dag_run.run_id)

    @task(task_display_name="Arrancar Odoo", execution_timeout=timedelta(hours=1), multiple_outputs=False)
    def boot(evidence: dict[str, Any], dag_run: Any = None) -> dict[str, Any]:
        from ofitec.backup import tasks

        return tasks.boot(evidence, run_id=dag_run.run_id)

    @task(task_display_name="Anotar la prueba", multiple_outputs=False)
    def record(evidence: dict[str, Any], dag_run: Any = None) -> dict[str, Any]:
        from ofitec.backup import tasks

        return tasks.record(evidence, run_id=dag_run.run_id)

    @task(task_display_name="Borrar la copia", trigger_rule="all_done")
    def clean_up() -> None:
        from ofitec.backup import tasks

        tasks.clean_up()

    # Airflow judges a run by its last tasks only. A teardown that may fail it would be the only judge, and a refuted
    # backup would end green: so the copy is dropped by an ordinary task, and this one needs all before it.
    @task(task_display_name="Resultado", trigger_rule="none_failed")
    def outcome(proof: dict[str, Any]) -> str:
        return str(proof["backup"])

    key = choose()
    proven = record(boot(compare(restore(key))))
    cleaned = clean_up()
    proven >> cleaned >> outcome(proven)


backup_verify()
