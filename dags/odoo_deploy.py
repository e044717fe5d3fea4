"""### Desplegar Odoo

Lleva una imagen al servidor de la conexión `odoo_host`, por su digest y con la aprobación de una persona.

- **Si cambió solo código**, la versión nueva arranca al lado de la anterior, se prueba y toma el servicio sin
  interrupción.
- **Si subió la versión de un módulo**, primero hay un respaldo probado y un ensayo en una copia neutralizada, que dice
  cuánto tardará; después, mientras se actualiza un clon, lo que se pida espera un rato (`OFITEC_HOLD_SECONDS` en el
  servidor) o recibe una página de mantención. El *Horario* dice a qué horas puede empezar: fuera de él, espera.

Si algo falla, vuelve sola la versión de antes, mientras nadie haya escrito en la nueva. Quien aprueba ve antes qué
pasará, a quién y cuándo; sin respuesta en 24 horas, no se hace. El trabajo lo hace un programa en el servidor, que
sigue aunque Airflow se caiga y se recupera si lo interrumpen.

Usa las conexiones `odoo_host`, `ofitec_ledger` y `slack_default`; para actualizar módulos, también las de
`backup_nightly`. Qué hacer si falla: docs/runbooks/odoo_deploy.md
"""

from datetime import timedelta

from airflow.sdk import Param, dag

from ofitec.backup.tasks import night
from ofitec.dag import DAG_DEFAULTS, Tag
from ofitec.deploy.tasks import (
    BEGIN_HOURS,
    CANARY_PERCENT,
    CANARY_SECONDS,
    WATCH_SECONDS,
    WINDOW_SECONDS,
    apply,
    ask,
    backup_proven,
    in_hours,
    kind,
    outcome,
    plan_deploy,
    rehearse,
    settle,
)
from ofitec.notify.tasks import approval

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
    "watch_seconds": WATCH_SECONDS,
    "canary_percent": CANARY_PERCENT,
    "canary_seconds": CANARY_SECONDS,
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
    planned = plan_deploy()
    approved = approval()
    chosen = kind(planned)
    backup = night(False)
    hours = in_hours(planned)
    done = apply(planned)
    ask(planned) >> approved >> chosen >> [backup, hours]
    backup >> backup_proven(planned) >> rehearse(planned) >> hours >> done
    settled = settle()
    done >> settled
    done >> outcome(settled)


odoo_deploy()
