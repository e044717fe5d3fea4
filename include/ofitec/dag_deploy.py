"""What the deploy and the rollback share: their approval, their last steps. Imported at parse time, so kept light."""

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import Param, task

from ofitec.dag_approval import HOURS, answer, page

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
BEGIN_HOURS = Param(
    None,
    type=["null", "string"],
    title="Horario",
    description="Horas de Santiago en que puede empezar, por ejemplo 22:00-06:00; fuera de ellas, espera. Vacío: el de "
    "OFITEC_DEPLOY_HOURS si habrá interrupción; si no, cualquiera.",
)


@task(task_display_name="Pedir aprobación en Slack")
def ask(plan: dict[str, Any], ti: Any = None, dag_run: Any = None) -> bool:
    """What will happen, to whom and when, with the link to the buttons."""
    from ofitec.deploy import tasks

    until = datetime.now(UTC) + timedelta(hours=HOURS)
    return tasks.ask(plan, page=page(ti), until=until, dag_id=dag_run.dag_id, run_id=dag_run.run_id)


@task.sensor(
    task_display_name="Esperar el horario",
    poke_interval=60,
    timeout=30 * 3600,
    mode="reschedule",
    trigger_rule="none_failed_min_one_success",
)
def in_hours(plan: dict[str, Any], ti: Any = None) -> bool:
    """A yes given in the evening is no yes to any later hour. Holds no worker while it waits."""
    from ofitec.deploy import tasks

    _require_yes(ti)
    return tasks.may_begin(plan)


@task(
    task_display_name="Instalar y observar",
    execution_timeout=timedelta(hours=10),
    trigger_rule="none_failed_min_one_success",
    multiple_outputs=False,
)
def apply(plan: dict[str, Any], params: Any = None, ti: Any = None) -> dict[str, Any]:
    """Detached at the host: this task follows, and a retry goes on following. Nothing happens without a yes."""
    from ofitec.deploy import tasks

    given = _require_yes(ti)
    tasks.answered(plan, who=given.who, at=given.at)
    return tasks.apply(plan, params)


@task(task_display_name="Cerrar", execution_timeout=timedelta(hours=1), trigger_rule="all_done", multiple_outputs=False)
def settle(ti: Any = None, dag_run: Any = None) -> str:
    """Whatever happened: nothing half-done, no lock left, ledger and Slack told."""
    from ofitec.deploy import tasks

    plan, given = ti.xcom_pull(task_ids="plan"), answer(ti)
    told = {"link": ti.log_url, "dag_id": dag_run.dag_id, "run_id": dag_run.run_id}
    rejected = given is not None and not given.approved
    if plan is not None and given is not None:
        plan["answered_by"] = given.who
    run = tasks.host_run(dag_run.run_id, dag_run.run_after)
    status = tasks.settle(plan, run=run, rejected=rejected, **told)
    if plan is not None and given is not None and rejected:
        tasks.reject(plan, who=given.who, at=given.at, hours=HOURS, **told)
    return status


@task(task_display_name="Resultado", trigger_rule="none_failed")
def outcome(settled: str) -> str:
    """The run's only end: it fails if anything failed, and is skipped after a no.

    A teardown would not do: what precedes it counts no more.
    """
    from airflow.sdk.exceptions import AirflowSkipException

    from ofitec.ledger import deployments

    if settled == deployments.REJECTED:
        raise AirflowSkipException("Rechazado: no se cambió nada.")
    return settled


def _require_yes(ti: Any) -> Any:
    from airflow.sdk.exceptions import AirflowSkipException

    given = answer(ti)
    if given is None or not given.approved:
        raise AirflowSkipException("No se aprobó: no se cambió nada.")
    return given
