"""### Roll Odoo back

Returns the host of connection `odoo_host` to the release before, through the same checks, approval, switch and watch as
a deploy. Its code alone, without interruption, if the database did not change; else to the database that was kept from
before the upgrade: then what users wrote since is hidden in a kept database, and that must be said in the parameter.

Needs the connections `odoo_host`, `ofitec_ledger`, `slack_default`.
Runbook: docs/runbooks/odoo_rollback.md
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, task

from ofitec.dag_defaults import DAG_DEFAULTS, Tag
from ofitec.dag_deploy import WATCH_MINUTES, WINDOW_SECONDS, apply, approval, ask, outcome, settle

PARAMS = {
    "discard_writes_since": Param(
        None,
        type=["null", "string"],
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$",
        title="Ocultar lo escrito desde",
        description="Solo para volver por encima de una actualización: el momento que indica el error. "
        "Lo escrito desde entonces queda en una base guardada, fuera de la vista.",
    ),
    "window_seconds": WINDOW_SECONDS,
    "watch_minutes": WATCH_MINUTES,
}


@dag(
    dag_id="odoo_rollback",
    dag_display_name="Volver atrás en Odoo",
    description="Return to the release before, with the same gates",
    schedule=None,
    params=PARAMS,
    tags=[Tag.DEPLOY, Tag.MANUAL],
    doc_md=__doc__,
    dagrun_timeout=timedelta(hours=48),
    **DAG_DEFAULTS,
)
def odoo_rollback() -> None:
    @task(task_display_name="Revisar y planificar", execution_timeout=timedelta(hours=1))
    def plan(params: Any = None, dag_run: Any = None) -> dict[str, Any]:
        from ofitec.deploy import tasks

        run = tasks.host_run(dag_run.run_id, dag_run.run_after)
        who = getattr(dag_run, "triggering_user_name", None) or "Airflow"
        return tasks.plan_rollback(params, run=run, who=who, dag_id=dag_run.dag_id, run_id=dag_run.run_id)

    planned = plan()
    done = apply(planned)
    ask(planned) >> approval(planned) >> done
    settled = settle()
    done >> settled
    done >> outcome(settled)


odoo_rollback()
