"""The task of `backup_continuous`. Imported at parse time, so kept light: the work is in `steps`."""

from typing import Any

from airflow.sdk import task

from ofitec.backup.tasks import LONG, OPS, PLAIN
from ofitec.notify.recovery import on_success


@task(
    task_display_name="Guardar y mirar",
    execution_timeout=LONG,
    queue=OPS,
    retries=0,  # the next run is soon
    on_success_callback=on_success,
    **PLAIN,
)
def look(params: Any = None, dag_run: Any = None) -> dict[str, Any]:
    """All in one task: what it saves and what it reads belong to one moment."""
    from airflow.sdk.exceptions import AirflowSkipException

    from ofitec.continuous import steps

    if not steps.enabled():
        steps.off(run_id=dag_run.run_id)
        raise AirflowSkipException("OFITEC_CONTINUOUS no está activado: no se guarda nada entre dos noches.")
    try:
        return steps.look(run_id=dag_run.run_id, create_repository=params["create_repository"])
    except steps.AlreadyTold as error:
        raise AirflowSkipException(f"Sigue fallando, y ya se avisó: {error}") from None
