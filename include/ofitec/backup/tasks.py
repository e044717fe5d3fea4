"""The tasks of the backup DAGs, and what those share: the asset and the night. Imported at parse time, so kept light:
the work is in `steps`, and what asks a person is imported when it does.

Tasks that need the filestore, the work disk, an Odoo, the password's file or a repository in a folder run in queue
`ops`; asking, reminding and branching run anywhere.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import Asset, Param, task, task_group

from ofitec.dag import Given
from ofitec.notify.recovery import on_success

# Published by each backup that is whole in the repository; its event's extra is {"backup": key}.
# It has no URI: one with a scheme makes every parse load the providers that may know it.
ODOO_BACKUP = Asset("odoo_backup")

OPS = "ops"
# Airflow would store each key of an answer a second time, and write the whole as the log's last line
PLAIN: dict[str, Any] = {"multiple_outputs": False, "show_return_value_in_logs": False}
LONG = timedelta(hours=8)  # no shorter than the settings' own limits, which speak more clearly

# Of the forms that bring something back
REPOSITORY = Param(
    "restic_default",
    type="string",
    enum=["restic_default", "restic_second"],
    values_display={"restic_default": "El de cada noche", "restic_second": "El segundo, con sus copias"},
    title="Repositorio",
    description="De cuál traerlo. El segundo sirve también cuando el primero no está.",
)


@task(task_display_name="Revisar antes", execution_timeout=timedelta(hours=2), queue=OPS, **PLAIN)
def preflight(create_repository: bool, dag_run: Any = None) -> dict[str, Any]:
    """Look at everything that can spoil the backup."""
    from ofitec.backup import steps

    return steps.preflight(run_id=dag_run.run_id, create_repository=create_repository)


@task(task_display_name="Respaldar base y archivos", execution_timeout=LONG, queue=OPS)
def snapshot(dag_run: Any = None) -> str:
    """One task, because one open transaction ties database and files together."""
    from ofitec.backup import steps

    return steps.snapshot(run_id=dag_run.run_id)


@task(task_display_name="Revisar el repositorio", execution_timeout=LONG, outlets=[ODOO_BACKUP], queue=OPS, **PLAIN)
def check(key: Given, outlet_events: Any = None, dag_run: Any = None) -> dict[str, Any]:
    """Count the backup and publish it: its proof starts."""
    from ofitec.backup import steps

    done = steps.check(key, run_id=dag_run.run_id)
    outlet_events[ODOO_BACKUP].extra = {"backup": key}
    return done


@task(task_display_name="Retirar los antiguos", execution_timeout=LONG, queue=OPS, **PLAIN)
def retain(acknowledged: int, dag_run: Any = None) -> dict[str, Any]:
    """Remove what the policy does not keep, unless backups are lost of which no person took note."""
    from ofitec.backup import steps

    by = getattr(dag_run, "triggering_user_name", None) or ""
    return steps.retain(run_id=dag_run.run_id, acknowledged=acknowledged, by=by)


@task_group(group_id="night", group_display_name="Respaldo", prefix_group_id=False)
def night(create_repository: Any, acknowledge_lost: Any = 0, *, closes_alarms: bool = False) -> None:
    """The whole night, one task after the other.

    :param closes_alarms: the last task, not the run's end, says that what failed is well again
    """
    key = snapshot()
    last = retain.override(on_success_callback=on_success) if closes_alarms else retain
    preflight(create_repository) >> key
    check(key) >> last(acknowledge_lost)


@task(task_display_name="Restaurar, comparar y arrancar", execution_timeout=timedelta(hours=16), queue=OPS, **PLAIN)
def prove(params: Any = None, dag_run: Any = None, triggering_asset_events: Any = None) -> dict[str, Any]:
    """The whole proof in one task: its copy is made, used and removed where it is. The log tells its steps."""
    from ofitec.backup import steps

    events = [event.extra for found in (triggering_asset_events or {}).values() for event in found]
    full = params["read_data"] or dag_run.run_type == "scheduled"
    return steps.prove(params["backup"] or "", events, run_id=dag_run.run_id, read_data=full)


@task(task_display_name="Copiar lo bueno", execution_timeout=timedelta(hours=20), queue=OPS, **PLAIN)
def copy(create_repository: Given, dag_run: Any = None) -> dict[str, Any]:
    """What the second repository lacks; nothing where there is none."""
    from airflow.sdk.exceptions import AirflowSkipException

    from ofitec.backup import steps

    done = steps.copy(run_id=dag_run.run_id, create_repository=create_repository)
    if done is None:
        raise AirflowSkipException("No hay conexión restic_second: no hay segundo repositorio, y no se copia nada.")
    return done


@task(task_display_name="Retirar copias antiguas", execution_timeout=LONG, queue=OPS, **PLAIN)
def retain_copies(acknowledged: Given, dag_run: Any = None) -> dict[str, Any]:
    """By the second repository's own policy."""
    from ofitec.backup import steps

    by = getattr(dag_run, "triggering_user_name", None) or ""
    return steps.retain_copies(run_id=dag_run.run_id, acknowledged=acknowledged, by=by)


@task(task_display_name="Probar una copia", execution_timeout=timedelta(hours=16), queue=OPS, **PLAIN)
def prove_copy(params: Any = None, dag_run: Any = None) -> dict[str, Any]:
    """Once a week, and each day after one that did not pass. Not after the copying: with the first repository gone, it
    is the second that must be known to be good."""
    from airflow.sdk.exceptions import AirflowSkipException

    from ofitec.backup import steps

    done = steps.prove_copy(params["backup"] or "", run_id=dag_run.run_id, read_data=params["read_data"])
    if done is None:
        raise AirflowSkipException("Hoy no toca probar una copia, o no hay ninguna.")
    return done


@task(task_display_name="Planificar", queue=OPS, **PLAIN)
def plan_restore(params: Any = None, dag_run: Any = None) -> dict[str, Any]:
    """Check the form, repair what a killed restore left, and say what would be replaced."""
    from ofitec.notify.tasks import require_someone

    wanted: dict[str, Any] = _restoring(params["moment"]).plan_restore(params)
    if wanted["replaces"]:
        require_someone(dag_run)
    return wanted


@task.branch(task_display_name="¿Está libre el lugar?")
def place_is_free(wanted: Given) -> str:
    """Only what replaces something is asked for."""
    return "ask" if wanted["replaces"] else "restore"


@task(task_display_name="Pedir aprobación en Slack")
def ask(wanted: Given, ti: Any = None, dag_run: Any = None) -> bool:
    """Link to the page with the buttons."""
    from ofitec.backup import steps
    from ofitec.notify.tasks import page, requester

    return steps.ask_restore(wanted, page=page(ti), by=requester(dag_run), dag_id=dag_run.dag_id, run_id=dag_run.run_id)


@task(
    task_display_name="Restaurar",
    execution_timeout=timedelta(hours=20),
    trigger_rule="none_failed_min_one_success",
    retries=0,
    queue=OPS,
    **PLAIN,
)
def restore(wanted: Given, ti: Any = None, dag_run: Any = None) -> dict[str, Any]:
    """Nothing is replaced without a yes."""
    from airflow.sdk.exceptions import AirflowSkipException

    from ofitec.notify.tasks import agreed, without_yes

    given = agreed(ti, dag_run)
    if wanted["replaces"] and given is None:
        raise AirflowSkipException(without_yes(ti))
    answer: dict[str, Any] = _restoring(wanted.get("moment")).run_restore(
        wanted, run_id=dag_run.run_id, approved=given is not None
    )
    return answer


def _restoring(moment: str | None) -> Any:
    """The steps that bring back what is asked for: a moment, or a backup."""
    if moment:
        from ofitec.continuous import steps as to_a_moment

        return to_a_moment
    from ofitec.backup import steps

    return steps


@task(task_display_name="Cerrar", execution_timeout=timedelta(hours=2), trigger_rule="all_done", queue=OPS, **PLAIN)
def settle_restore(ti: Any = None, dag_run: Any = None) -> list[str]:
    """Whatever happened, a kill too: nothing is left half-way, and a no is told."""
    from ofitec.backup import steps
    from ofitec.notify.tasks import answer

    plan = ti.xcom_pull(task_ids="plan")
    run = {"url": ti.log_url, "dag_id": dag_run.dag_id, "run_id": dag_run.run_id}
    return steps.settle_restore(plan, answer(ti), **run)


@task(task_display_name="Resultado", trigger_rule="none_failed", **PLAIN)
def outcome(settled: Given) -> list[str]:
    """The run's only end: it fails if anything failed."""
    return list(settled)


@task(task_display_name="Recuperar", execution_timeout=LONG, queue=OPS, **PLAIN)
def extract(params: Any = None, dag_run: Any = None) -> dict[str, Any]:
    """Fetch, look up, deliver and tell: one task, because what it fetches is on this worker's disk."""
    from ofitec.backup import extract_step

    return extract_step.run(params, run_id=dag_run.run_id)


@task.branch(task_display_name="¿Qué toca?", queue=OPS)
def rotation_step(dag_run: Any = None) -> str | None:
    """By hand: a new password, or the second phase of a change. By the calendar: that phase, or a reminder."""
    from ofitec.backup import steps

    return steps.rotation_step(by_hand=dag_run.run_type != "scheduled", on=dag_run.run_after)


@task(task_display_name="Recordar en Slack", queue=OPS)
def remind(dag_run: Any = None) -> bool:
    """It is time to change the password."""
    from ofitec.backup import steps

    return steps.remind(run_id=dag_run.run_id)


@task(task_display_name="Poner la clave nueva", execution_timeout=timedelta(hours=2), queue=OPS, **PLAIN)
def rotate(dag_run: Any = None) -> dict[str, Any]:
    """The first phase."""
    from ofitec.backup import steps

    return steps.rotate(run_id=dag_run.run_id)


@task(
    task_display_name="Retirar la clave anterior",
    execution_timeout=timedelta(hours=2),
    queue=OPS,
    on_success_callback=on_success,
)
def finish(dag_run: Any = None) -> bool:
    """The second phase."""
    from ofitec.backup import steps

    return steps.finish_rotation(run_id=dag_run.run_id)
