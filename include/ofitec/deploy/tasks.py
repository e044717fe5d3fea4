"""The tasks of `odoo_deploy` and `odoo_rollback`. Imported at parse time, so kept light: the work is in `steps`."""

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import Param, task

from ofitec.dag import Given
from ofitec.deploy.host.record.terms import Terms
from ofitec.notify.tasks import HOURS, agreed, answer, page, requester, require_someone, without_yes

# Each is one of the plan's terms, in the unit and under the name it keeps down to the host
WINDOW_SECONDS = Param(
    int(Terms.window_seconds),
    type="integer",
    minimum=10,
    maximum=14400,
    title="Ventana (segundos)",
    description="Cuánto puede estar Odoo sin servicio. Si el ensayo dice que será más, no se hace.",
)
WATCH_SECONDS = Param(
    int(Terms.watch_seconds),
    type="integer",
    minimum=0,
    maximum=7200,
    title="Observación (segundos)",
    description="Tiempo que se observa la versión nueva antes de detener la anterior. Si falla, vuelve sola.",
)
CANARY_PERCENT = Param(
    Terms.canary_percent,
    type="integer",
    minimum=0,
    maximum=99,
    title="Canario (%)",
    description="Parte de las sesiones nuevas que prueba antes la versión nueva, si cambió solo código. 0: nadie.",
)
CANARY_SECONDS = Param(
    int(Terms.canary_seconds),
    type="integer",
    minimum=60,
    maximum=14400,
    title="Canario (segundos)",
    description="Cuánto dura esa prueba.",
)
BEGIN_HOURS = Param(
    None,
    type=["null", "string"],
    title="Horario",
    description="Horas de Santiago en que puede empezar, por ejemplo 22:00-06:00; fuera de ellas, espera. Vacío: el de "
    "OFITEC_DEPLOY_HOURS si habrá interrupción; si no, cualquiera.",
)

_PLANNING: dict[str, Any] = {
    "task_id": "plan",
    "execution_timeout": timedelta(hours=1),
    "multiple_outputs": False,
}


@task(task_display_name="Revisar y planificar", **_PLANNING)
def plan_deploy(params: Any = None, dag_run: Any = None) -> dict[str, Any]:
    """Lock the host, see what the image changes, and say what whoever approves it reads."""
    from ofitec.deploy import steps

    require_someone(dag_run)
    image, modules = str(params["image"] or "").strip(), params["modules"] or []
    return steps.proposal(steps.plan_deploy(image, modules, Terms.of(params), **_asked_by(dag_run)))


@task(task_display_name="Revisar y planificar", **_PLANNING)
def plan_rollback(params: Any = None, dag_run: Any = None) -> dict[str, Any]:
    """The same for the way back."""
    from ofitec.deploy import steps

    require_someone(dag_run)
    since = params["discard_writes_since"] or ""
    return steps.proposal(steps.plan_rollback(since, Terms.of(params), **_asked_by(dag_run)))


@task(task_display_name="Pedir aprobación en Slack")
def ask(plan: Given, ti: Any = None, dag_run: Any = None) -> bool:
    """What will happen, to whom and when, with the link to the buttons."""
    from ofitec.deploy import steps

    until = datetime.now(UTC) + timedelta(hours=HOURS)
    return steps.ask(
        steps.read(plan),
        expected_seconds=plan["expected_seconds"],
        page=page(ti),
        until=until,
        dag_id=dag_run.dag_id,
        run_id=dag_run.run_id,
    )


@task.branch(task_display_name="¿Solo código?")
def kind(plan: Given) -> str:
    """An upgrade is backed up and rehearsed first."""
    return "in_hours" if plan["mode"] == "CODE" else "preflight"


@task.sensor(task_display_name="Esperar la prueba del respaldo", poke_interval=30, timeout=6 * 3600, mode="reschedule")
def backup_proven(plan: Given, dag_run: Any = None) -> bool:
    """The backup of this run, restored and compared. Holds no worker while it waits."""
    from ofitec.deploy import steps

    return steps.proven_backup(steps.read(plan), since=dag_run.start_date) is not None


@task(task_display_name="Ensayar en una copia", execution_timeout=timedelta(hours=8), multiple_outputs=False)
def rehearse(plan: Given, ti: Any = None, dag_run: Any = None) -> dict[str, Any]:
    """Upgrade a neutralised copy at the host, and tell how long people will be without Odoo."""
    from ofitec.deploy import steps

    read = steps.read(plan)
    times = steps.rehearse(read)
    steps.tell_rehearsed(read, times, url=ti.log_url, dag_id=dag_run.dag_id, run_id=dag_run.run_id)
    return times


@task.sensor(
    task_display_name="Esperar el horario",
    poke_interval=60,
    timeout=30 * 3600,
    mode="reschedule",
    trigger_rule="none_failed_min_one_success",
)
def in_hours(plan: Given, ti: Any = None, dag_run: Any = None) -> bool:
    """A yes given in the evening is no yes to any later hour. Holds no worker while it waits."""
    from ofitec.deploy import steps

    _require_yes(ti, dag_run)
    return steps.may_begin(steps.read(plan))


@task(
    task_display_name="Instalar y observar",
    execution_timeout=timedelta(hours=10),
    trigger_rule="none_failed_min_one_success",
    multiple_outputs=False,
)
def apply(plan: Given, ti: Any = None, dag_run: Any = None) -> dict[str, Any]:
    """Detached at the host: this task follows, and a retry goes on following. Nothing happens without a yes."""
    from ofitec.deploy import steps

    given, read = _require_yes(ti, dag_run), steps.read(plan)
    steps.answered(read, who=given.who, at=given.at)
    return steps.apply(read)


@task(task_display_name="Cerrar", execution_timeout=timedelta(hours=1), trigger_rule="all_done", multiple_outputs=False)
def settle(ti: Any = None, dag_run: Any = None) -> str:
    """Whatever happened: nothing half-done, no lock left, ledger and Slack told."""
    from ofitec.deploy import steps

    found, given = ti.xcom_pull(task_ids="plan"), answer(ti)
    plan = steps.read(found) if found else None
    told = {"url": ti.log_url, "dag_id": dag_run.dag_id, "run_id": dag_run.run_id}
    rejected = given is not None and not given.approved
    who = given.who if given else ""
    run = steps.host_run(dag_run.run_id, dag_run.run_after)
    status = steps.settle(plan, run=run, answered_by=who, rejected=rejected, **told)
    if plan is not None and given is not None and rejected:
        steps.reject(plan, who=who, at=given.at, hours=HOURS, **told)
    return status


@task(task_display_name="Resultado", trigger_rule="none_failed")
def outcome(settled: Given) -> str:
    """The run's only end: it fails if anything failed, and is skipped after a no.

    A teardown would not do: what precedes it counts no more.
    """
    from airflow.sdk.exceptions import AirflowSkipException

    from ofitec.ledger import deployments

    if settled == deployments.REJECTED:
        raise AirflowSkipException("Rechazado: no se cambió nada.")
    return str(settled)


def _asked_by(dag_run: Any) -> dict[str, str]:
    """Whose run it is, here and at the host."""
    from ofitec.deploy import steps

    return {
        "run": steps.host_run(dag_run.run_id, dag_run.run_after),
        "who": requester(dag_run) or "Airflow",
        "dag_id": dag_run.dag_id,
        "run_id": dag_run.run_id,
    }


def _require_yes(ti: Any, dag_run: Any) -> Any:
    from airflow.sdk.exceptions import AirflowSkipException

    given = agreed(ti, dag_run)
    if given is None:
        raise AirflowSkipException(without_yes(ti))
    return given
