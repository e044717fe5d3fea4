"""### Ajustar los procesos de Odoo

Cada cuarto de hora, de lunes a sábado entre las 8 y las 21, mira cuánta gente usa Odoo a la vez, cuánto espera y qué le
queda a la máquina, y calcula cuántos procesos convienen, dentro de los límites de los ajustes.

- Con `OFITEC_SCALE=off`, como viene, no mira nada.
- Con `propose`, dice en Slack y en el tablero cuántos convienen y por qué; no cambia nada. *Aplicar ahora* lo hace.
- Con `apply`, lo hace: la misma versión arranca al lado con otro número de procesos, se prueba y toma el servicio sin
  interrupción.

Todo cambio se compara después: si el 95 % de las peticiones tarda más que antes, vuelve solo al número anterior. Si
falta una medición, o es vieja, no cambia nada. En Slack dice algo solo cuando algo cambia.

Usa las conexiones `odoo_host`, `ofitec_ledger` y `slack_default`, y Prometheus (`OFITEC_PROMETHEUS_URL`). Qué hacer si
falla: docs/runbooks/odoo_scale.md
"""

from datetime import timedelta

from airflow.sdk import CronTriggerTimetable, dag

from ofitec.dag import CLOSES_NOTHING, SANTIAGO, Tag
from ofitec.deploy.scale.tasks import APPLY, change, consider, outcome, settle


@dag(
    dag_id="odoo_scale",
    dag_display_name="Ajustar los procesos de Odoo",
    description="Cuántos procesos de Odoo convienen según la carga medida; lo propone o lo hace, y vuelve si fue peor",
    schedule=CronTriggerTimetable("*/15 8-20 * * 1-6", timezone=SANTIAGO, run_immediately=False),
    params={"apply": APPLY},
    tags=[Tag.DEPLOY, Tag.SCHEDULED],
    doc_md=__doc__,
    dagrun_timeout=timedelta(hours=4),
    **CLOSES_NOTHING,
)
def odoo_scale() -> None:
    decided = consider()
    done = change(decided)
    settled = settle()
    done >> settled
    done >> outcome(settled)


odoo_scale()
