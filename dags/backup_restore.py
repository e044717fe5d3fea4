"""### Restore a backup for good

Brings a backup back as a database and a filestore on which Odoo can run: beside its place first, compared like a proof,
then switched in by a rename. If something is there already, a person must approve; then it is renamed, never dropped.
A database with somebody connected is never replaced: stop its Odoo first.

Needs the connections `odoo_db` (a role that may create databases), `restic_default`, `ofitec_ledger`.
Runbook: docs/runbooks/backup_restore.md
"""

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import Param, dag, task

from ofitec.dag_backup import LONG
from ofitec.dag_defaults import DAG_DEFAULTS, Tag

PARAMS = {
    "backup": Param(
        None,
        type=["null", "string"],
        pattern=r"^\d{8}T\d{6}Z-[0-9a-f]{6}$",
        title="Respaldo",
        description="Cuál restaurar, por ejemplo 20261124T053000Z-3f9a01. Vacío: el más nuevo que pasó su prueba.",
    ),
    "database": Param(
        "odoo_restaurado",
        type="string",
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,40}$",
        title="Base de destino",
        description="Nombre que tendrá la base. Si ya existe se pide aprobación, y la de antes se guarda aparte.",
    ),
    "filestore": Param(
        None,
        type=["null", "string"],
        pattern=r"^/.+$",
        title="Carpeta de archivos",
        description="Ruta absoluta para los archivos. Vacío: junto al filestore actual, con el nombre de la base.",
    ),
    "neutralise": Param(
        True,
        type="boolean",
        title="Neutralizar",
        description="Apaga correos, pagos y tareas programadas. Desactívalo solo para volver a producción.",
    ),
}


@dag(
    dag_id="backup_restore",
    dag_display_name="Restaurar un respaldo",
    description="Brings a backup back as a database and a filestore, never over a live one",
    schedule=None,
    params=PARAMS,
    tags=[Tag.BACKUP, Tag.MANUAL],
    doc_md=__doc__,
    dagrun_timeout=timedelta(hours=48),
    **DAG_DEFAULTS,
)
def backup_restore() -> None:
    @task(task_display_name="Planificar", multiple_outputs=False)
    def plan(params: Any = None) -> dict[str, Any]:
        from ofitec.backup import tasks

        return tasks.plan_restore(params)

    @task.branch(task_display_name="¿Está libre el lugar?")
    def place_is_free(wanted: dict[str, Any]) -> str:
        return "approve" if wanted["replaces"] else "restore"

    approve = ApprovalOperator(
        task_id="approve",
        task_display_name="Aprobar",
        subject="¿Reemplazar {{ ti.xcom_pull('plan')['replaces'] | join(' y ') }}?",
        body="Lo que hay ahora se guarda con otro nombre. Detén antes el Odoo que lo usa. "
        "Respaldo: {{ ti.xcom_pull('plan')['backup'] }}, datos de {{ ti.xcom_pull('plan')['at'] }}.",
        response_timeout=timedelta(hours=24),
    )

    @task(
        task_display_name="Restaurar",
        execution_timeout=LONG,
        trigger_rule="none_failed_min_one_success",
        retries=0,
        multiple_outputs=False,
    )
    def restore(wanted: dict[str, Any], ti: Any = None, dag_run: Any = None) -> dict[str, Any]:
        from ofitec.backup import tasks

        return tasks.restore(wanted, ti.xcom_pull(task_ids="approve"), run_id=dag_run.run_id)

    wanted = plan()
    done = restore(wanted)
    place_is_free(wanted) >> [approve, done]
    approve >> done


backup_restore()
