"""### Volver atrás en Odoo

Devuelve el servidor de la conexión `odoo_host` a la versión anterior, con las mismas revisiones, aprobación, cambio y
observación que un despliegue.

- **Si la base no cambió**, vuelve solo el código, sin interrupción.
- **Si la versión actual actualizó la base**, vuelve la base que se guardó antes: lo que se escribió desde entonces
  queda fuera de la vista, en una base guardada, y hay que decirlo en *Ocultar lo escrito desde*.

Empieza en cuanto alguien aprueba: quien aprueba elige el momento. Sin respuesta en 24 horas, no se hace.

Usa las conexiones `odoo_host`, `ofitec_ledger` y `slack_default`. Qué hacer si falla: docs/runbooks/odoo_rollback.md
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, task

from ofitec.dag_approval import approval
from ofitec.dag_defaults import DAG_DEFAULTS, Tag
from ofitec.dag_deploy import WATCH_MINUTES, WINDOW_SECONDS, apply, ask, outcome, settle

PARAMS = {
    "discard_writes_since": Param(
        None,
        type=["null", "string"],
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
    description="Vuelta a la versión anterior, con las mismas revisiones que un despliegue",
    schedule=None,
    params=PARAMS,
    tags=[Tag.DEPLOY, Tag.MANUAL],
    doc_md=__doc__,
    dagrun_timeout=timedelta(hours=48),
    **DAG_DEFAULTS,
)
def odoo_rollback() -> None:
    @task(task_display_name="Revisar y planificar", execution_timeout=timedelta(hours=1), multiple_outputs=False)
    def plan(params: Any = None, dag_run: Any = None) -> dict[str, Any]:
        from ofitec.deploy import tasks

        run = tasks.host_run(dag_run.run_id, dag_run.run_after)
        who = getattr(dag_run, "triggering_user_name", None) or "Airflow"
        return tasks.plan_rollback(params, run=run, who=who, dag_id=dag_run.dag_id, run_id=dag_run.run_id)

    planned = plan()
    done = apply(planned)
    ask(planned) >> approval() >> done
    settled = settle()
    done >> settled
    done >> outcome(settled)


odoo_rollback()
