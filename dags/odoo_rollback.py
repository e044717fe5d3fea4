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

from airflow.sdk import Param, dag

from ofitec.dag import DAG_DEFAULTS, Tag
from ofitec.deploy.tasks import WATCH_SECONDS, WINDOW_SECONDS, apply, ask, outcome, plan_rollback, settle
from ofitec.notify.tasks import approval

PARAMS = {
    "discard_writes_since": Param(
        None,
        type=["null", "string"],
        title="Ocultar lo escrito desde",
        description="Solo para volver por encima de una actualización: el momento que indica el error. "
        "Lo escrito desde entonces queda en una base guardada, fuera de la vista.",
    ),
    "window_seconds": WINDOW_SECONDS,
    "watch_seconds": WATCH_SECONDS,
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
    planned = plan_rollback()
    done = apply(planned)
    ask(planned) >> approval() >> done
    settled = settle()
    done >> settled
    done >> outcome(settled)


odoo_rollback()
