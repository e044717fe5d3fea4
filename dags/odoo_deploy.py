"""### Deploy Odoo

Brings an image to the host of connection `odoo_host`, by digest, with a person's approval. If only code changed, the
new version starts beside the old one, proves itself, and takes over without interruption. If a module's version rose,
there is a proven backup first, then a rehearsal on a neutralised copy that says how long it takes, then a maintenance
page while a clone is upgraded. Whatever fails, the version before serves again by itself, until users have written to
the new one.

The work is done by a program at the host that goes on if Airflow dies, and recovers if it is killed itself.

Needs the connections `odoo_host`, `ofitec_ledger`, `slack_default`; for upgrades those of `backup_nightly` too.
Runbook: docs/runbooks/odoo_deploy.md
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, task

from ofitec.dag_backup import night
from ofitec.dag_defaults import DAG_DEFAULTS, Tag
from ofitec.dag_deploy import WATCH_MINUTES, WINDOW_SECONDS, apply, approval, ask, outcome, settle

PARAMS = {
    "image": Param(
        type="string",
        pattern=r"^[a-z0-9][\w.\-:/]*(@sha256:[0-9a-f]{64}|:[\w.\-]+)$",
        title="Imagen",
        description="registro/nombre@sha256:..., o registro/nombre:etiqueta, que se resuelve a su digest. No latest.",
    ),
    "modules": Param(
        [],
        type="array",
        items={"type": "string", "pattern": r"^[a-z0-9_]+$"},
        title="Módulos que actualizar además",
        description="Vacío: los que subieron su versión en la imagen. Uno por línea para forzar otros.",
    ),
    "window_seconds": WINDOW_SECONDS,
    "watch_minutes": WATCH_MINUTES,
    "canary_percent": Param(
        0,
        type="integer",
        minimum=0,
        maximum=99,
        title="Canario (%)",
        description="Parte de las sesiones nuevas que prueba antes la versión nueva, si cambió solo código. 0: nadie.",
    ),
    "canary_minutes": Param(
        10, type="integer", minimum=1, maximum=240, title="Minutos de canario", description="Cuánto dura esa prueba."
    ),
}


@dag(
    dag_id="odoo_deploy",
    dag_display_name="Desplegar Odoo",
    description="Approval, backup, rehearsal, health-gated switch, automatic return",
    schedule=None,
    params=PARAMS,
    tags=[Tag.DEPLOY, Tag.MANUAL],
    doc_md=__doc__,
    dagrun_timeout=timedelta(hours=48),
    **DAG_DEFAULTS,
)
def odoo_deploy() -> None:
    @task(task_display_name="Revisar y planificar", execution_timeout=timedelta(hours=1))
    def plan(params: Any = None, dag_run: Any = None) -> dict[str, Any]:
        from ofitec.deploy import tasks

        run = tasks.host_run(dag_run.run_id, dag_run.run_after)
        who = getattr(dag_run, "triggering_user_name", None) or "Airflow"
        return tasks.plan_deploy(params, run=run, who=who, dag_id=dag_run.dag_id, run_id=dag_run.run_id)

    @task.branch(task_display_name="¿Solo código?")
    def kind(planned: dict[str, Any]) -> str:
        return "apply" if planned["mode"] == "CODE" else "preflight"

    @task.sensor(
        task_display_name="Esperar la prueba del respaldo", poke_interval=30, timeout=6 * 3600, mode="reschedule"
    )
    def backup_proven(planned: dict[str, Any], dag_run: Any = None) -> bool:
        from ofitec.deploy import tasks

        return tasks.proven_backup(planned, since=dag_run.start_date) is not None

    @task(task_display_name="Ensayar en una copia", execution_timeout=timedelta(hours=8))
    def rehearse(planned: dict[str, Any], params: Any = None) -> dict[str, Any]:
        from ofitec.deploy import tasks

        return tasks.rehearse(planned, window=params["window_seconds"])

    planned = plan()
    approved = approval(planned)
    chosen = kind(planned)
    first, last = night(False)
    done = apply(planned)
    ask(planned) >> approved >> chosen >> [first, done]
    last >> backup_proven(planned) >> rehearse(planned) >> done
    settled = settle()
    done >> settled
    done >> outcome(settled)


odoo_deploy()
