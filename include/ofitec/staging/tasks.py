"""The tasks of `odoo_staging`. Imported at parse time, so kept light: the work is in `steps`."""

from datetime import timedelta
from typing import Any

from airflow.sdk import task

from ofitec.backup.tasks import OPS, PLAIN
from ofitec.notify.recovery import on_success


@task(
    task_display_name="Enmascarar y publicar",
    execution_timeout=timedelta(hours=10),
    queue=OPS,
    on_success_callback=on_success,
    **PLAIN,
)
def stage(params: Any = None, dag_run: Any = None) -> dict[str, Any]:
    """All in one task: the copy is masked where it lies. The log tells its steps."""
    from airflow.sdk.exceptions import AirflowSkipException

    from ofitec.settings import settings
    from ofitec.staging import steps

    if params["remove"]:
        raise AirflowSkipException("Se pidió quitar la copia: no se hace otra.")
    if not settings().staging:
        raise AirflowSkipException("OFITEC_STAGING no está activado: no se hace ninguna copia de pruebas.")
    return steps.make(key=params["backup"] or "", run_id=dag_run.run_id)


@task(task_display_name="Quitar", execution_timeout=timedelta(hours=1), queue=OPS)
def remove(params: Any = None) -> bool:
    """Only when asked for; also while it is switched off."""
    from airflow.sdk.exceptions import AirflowSkipException

    from ofitec.staging import steps

    if not params["remove"]:
        raise AirflowSkipException("Nadie pidió quitar la copia.")
    return steps.remove()
