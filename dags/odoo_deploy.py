"""### Desplegar Odoo

Lleva una imagen al servidor de la conexión `odoo_host`, por su digest y con la aprobación de una persona.

- **Si cambió solo código**, la versión nueva arranca al lado de la anterior, se prueba y toma el servicio sin
  interrupción.
- **Si subió la versión de un módulo**, primero hay un respaldo probado y un ensayo en una copia neutralizada, que dice
  cuánto tardará; después, una página de mantención mientras se actualiza un clon. El *Horario* dice a qué horas puede
  empezar: fuera de él, espera.

Si algo falla, vuelve sola la versión de antes, mientras nadie haya escrito en la nueva. Quien aprueba ve antes qué
pasará, a quién y cuándo; sin respuesta en 24 horas, no se hace. El trabajo lo hace un programa en el servidor, que
sigue aunque Airflow se caiga y se recupera si lo interrumpen.

Usa las conexiones `odoo_host`, `ofitec_ledger` y `slack_default`; para actualizar módulos, también las de
`backup_nightly`. Qué hacer si falla: docs/runbooks/odoo_deploy.md
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, task

from ofitec.dag_approval import approval
from ofitec.dag_backup import night
from ofitec.dag_defaults import DAG_DEFAULTS, Tag
from ofitec.dag_deploy import BEGIN_HOURS, WATCH_MINUTES, WINDOW_SECONDS, apply, ask, in_hours, outcome, settle

PARAMS = {
    "image": Param(
        type="string",
        title="Imagen",
        description="registro/nombre@sha256:..., o registro/nombre:etiqueta, que se resuelve a su digest. No latest.",
    ),
    "modules": Param(
        [],
        type="array",
        items={"type": "string"},
        title="Módulos que actualizar además",
        description="Vacío: los que subieron su versión en la imagen. Uno por línea para forzar otros.",
    ),
    "hours": BEGIN_HOURS,
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
    description="Aprobación, respaldo, ensayo, cambio solo si la versión nueva responde, y vuelta automática",
    schedule=None,
    params=PARAMS,
    tags=[Tag.DEPLOY, Tag.MANUAL],
    doc_md=__doc__,
    dagrun_timeout=timedelta(hours=72),
    **DAG_DEFAULTS,
)
def odoo_deploy() -> None:
    @task(task_display_name="Revisar y planificar", execution_timeout=timedelta(hours=1), multiple_outputs=False)
    def plan(params: Any = None, dag_run: Any = None) -> dict[str, Any]:
        from ofitec.deploy import tasks

        run = tasks.host_run(dag_run.run_id, dag_run.run_after)
        who = getattr(dag_run, "triggering_user_name", None) or "Airflow"
        return tasks.plan_deploy(params, run=run, who=who, dag_id=dag_run.dag_id, run_id=dag_run.run_id)

    @task.branch(task_display_name="¿Solo código?")
    def kind(planned: dict[str, Any]) -> str:
        return "in_hours" if planned["mode"] == "CODE" else "preflight"

    @task.sensor(
        task_display_name="Esperar la prueba del respaldo", poke_interval=30, timeout=6 * 3600, mode="reschedule"
    )
    def backup_proven(planned: dict[str, Any], dag_run: Any = None) -> bool:
        from ofitec.deploy import tasks

        return tasks.proven_backup(planned, since=dag_run.start_date) is not None

    @task(task_display_name="Ensayar en una copia", execution_timeout=timedelta(hours=8), multiple_outputs=False)
    def rehearse(planned: dict[str, Any], params: Any = None, ti: Any = None, dag_run: Any = None) -> dict[str, Any]:
        from ofitec.deploy import tasks

        times = tasks.rehearse(planned, window=params["window_seconds"])
        tasks.tell_rehearsed(planned, times, link=ti.log_url, dag_id=dag_run.dag_id, run_id=dag_run.run_id)
        return times

    planned = plan()
    approved = approval()
    chosen = kind(planned)
    first, last = night(False)
    hours = in_hours(planned)
    done = apply(planned)
    ask(planned) >> approved >> chosen >> [first, hours]
    last >> backup_proven(planned) >> rehearse(planned) >> hours >> done
    settled = settle()
    done >> settled
    done >> outcome(settled)


odoo_deploy()
