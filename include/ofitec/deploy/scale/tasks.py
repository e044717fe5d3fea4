"""The tasks of `odoo_scale`. Imported at parse time, so kept light: the work is in `steps`."""

import logging
from datetime import timedelta
from typing import Any

from airflow.sdk import Param, task

from ofitec.dag import Given
from ofitec.notify.recovery import on_success
from ofitec.notify.tasks import requester

log = logging.getLogger(__name__)

APPLY = Param(
    False,
    type="boolean",
    title="Aplicar ahora",
    description="Hace el cambio que resulte de mirar, aunque el ajuste OFITEC_SCALE solo proponga.",
)


@task.short_circuit(task_display_name="Mirar y decidir", multiple_outputs=False)
def consider(params: Any = None, ti: Any = None, dag_run: Any = None) -> dict[str, Any] | None:
    """What is measured, how the last change turned out, and what follows. The run ends here if nothing changes.

    A ledger that does not answer ends it too: the alert LedgerDown tells of that, once and not each quarter of an hour.
    """
    from ofitec.deploy.scale import steps
    from ofitec.ledger.store import LedgerDown

    if not steps.enabled():
        log.info("OFITEC_SCALE=off: nothing is looked at")
        return None
    try:
        return steps.consider(now=bool(params["apply"]), who=_who(dag_run), **_told(ti, dag_run))
    except LedgerDown as error:
        log.warning("%s Nothing is decided without it.", error)
        return None


@task(task_display_name="Cambiar y observar", execution_timeout=timedelta(hours=2), multiple_outputs=False)
def change(decided: Given, dag_run: Any = None) -> dict[str, Any]:
    """Detached at the host: this task follows, and a retry goes on following."""
    from airflow.sdk.exceptions import AirflowSkipException

    from ofitec.deploy.scale import steps

    try:
        return steps.change(steps.read(decided), run=_run(dag_run), who=_who(dag_run))
    except steps.NotNow as error:
        raise AirflowSkipException(f"Not now: {error}") from None


@task(task_display_name="Cerrar", trigger_rule="all_done", multiple_outputs=False)
def settle(ti: Any = None, dag_run: Any = None) -> str:
    """Whatever happened: nothing half-done, no lock left, ledger and Slack told."""
    from ofitec.deploy.scale import steps

    return steps.settle(**_told(ti, dag_run))


@task(task_display_name="Resultado", trigger_rule="none_failed", on_success_callback=on_success)
def outcome(settled: Given) -> str:
    """The run's only end: it fails if anything failed, and is skipped if nothing was changed."""
    from airflow.sdk.exceptions import AirflowSkipException

    if settled != "done":
        raise AirflowSkipException("No se cambió nada.")
    return str(settled)


def _run(dag_run: Any) -> str:
    from ofitec.deploy.steps import host_run

    return host_run(dag_run.run_id, dag_run.run_after)


def _who(dag_run: Any) -> str:
    return requester(dag_run) or "odoo_scale"


def _told(ti: Any, dag_run: Any) -> dict[str, str]:
    return {"run": _run(dag_run), "url": ti.log_url, "dag_id": dag_run.dag_id, "run_id": dag_run.run_id}
