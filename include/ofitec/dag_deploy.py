"""What the deploy and the rollback share: their approval, their last steps. Imported at parse time, so kept light."""

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import Param, task

WATCH_MINUTES = Param(
    5,
    type="integer",
    minimum=0,
    maximum=120,
    title="Minutos de observación",
    description="Tiempo que se observa la versión nueva antes de detener la anterior. Si falla, vuelve sola.",
)
WINDOW_SECONDS = Param(
    600,
    type="integer",
    minimum=10,
    maximum=14400,
    title="Ventana (segundos)",
    description="Cuánto puede durar la página de mantención. Si el ensayo dice que será más, no se hace.",
)


def approval(plan: Any) -> ApprovalOperator:
    """A person says yes in Airflow; the plan is in the page they see."""
    return ApprovalOperator(
        task_id="approve",
        task_display_name="Aprobar",
        subject="¿Instalar {{ ti.xcom_pull('plan')['image'] }}?",
        body="Tipo: **{{ ti.xcom_pull('plan')['mode'] }}**. "
        "En servicio: `{{ ti.xcom_pull('plan')['current']['image'] }}`. "
        "Módulos que se actualizan: {{ ti.xcom_pull('plan')['modules'] or 'ninguno' }}. "
        "Cambiados sin subir su versión: {{ ti.xcom_pull('plan')['silent_changes'] or 'ninguno' }}.",
        response_timeout=timedelta(hours=24),
    )


@task(task_display_name="Pedir aprobación en Slack")
def ask(plan: dict[str, Any], ti: Any = None, dag_run: Any = None) -> bool:
    """Link to the approval."""
    from ofitec.deploy import tasks

    link = f"{ti.log_url.partition('/tasks/')[0]}/tasks/approve/required_actions"
    return tasks.ask(plan, link=link, dag_id=dag_run.dag_id, run_id=dag_run.run_id)


@task(
    task_display_name="Instalar y observar",
    execution_timeout=timedelta(hours=10),
    trigger_rule="none_failed_min_one_success",
)
def apply(plan: dict[str, Any], params: Any = None, ti: Any = None) -> dict[str, Any]:
    """Detached at the host: this task follows, and a retry goes on following. Nothing happens without a yes."""
    from airflow.sdk.exceptions import AirflowSkipException

    from ofitec.deploy import tasks

    answer = ti.xcom_pull(task_ids="approve") or {}
    if ApprovalOperator.APPROVE not in answer.get("chosen_options", []):
        raise AirflowSkipException("Not approved: nothing was changed.")
    return tasks.apply(plan, params)


@task(task_display_name="Cerrar", execution_timeout=timedelta(hours=1), trigger_rule="all_done")
def settle(ti: Any = None, dag_run: Any = None) -> str:
    """Whatever happened: nothing half-done, no lock left, ledger and Slack told."""
    from ofitec.deploy import tasks

    return tasks.settle(
        ti.xcom_pull(task_ids="plan"),
        run=tasks.host_run(dag_run.run_id, dag_run.run_after),
        link=ti.log_url,
        dag_id=dag_run.dag_id,
        run_id=dag_run.run_id,
    )


@task(task_display_name="Resultado", trigger_rule="none_failed")
def outcome(settled: str) -> str:
    """The run's only end: it fails if anything failed. A teardown would not do: what precedes it counts no more."""
    return settled
