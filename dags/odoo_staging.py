"""### Copia de pruebas de Odoo

Cada mañana, si `OFITEC_STAGING` está activado: la copia con que se probó el respaldo de la noche, en vez de borrarse,
queda como la base `<base>_staging`. Antes se le quitan los servidores de correo, tareas programadas, pagos, claves y
adjuntos, y los datos de personas (nombres, RUT, correos, teléfonos, cuentas bancarias) se cambian por otros, siempre
los mismos dentro de la copia: los montos son los de verdad, así que el F29 da lo mismo. La copia de ayer se borra solo
cuando la de hoy está en pie; si algo falla, la de ayer sigue tal como estaba.

Usa las conexiones de `backup_verify`, y `odoo_staging`: su clave es la de todos los usuarios de la copia.
Qué hacer si falla: docs/runbooks/odoo_staging.md
"""

from datetime import timedelta

from airflow.sdk import CronTriggerTimetable, Param, dag

from ofitec.dag import CLOSES_NOTHING, SANTIAGO, Tag
from ofitec.staging.tasks import remove, stage

PARAMS = {
    "backup": Param(
        None,
        type=["null", "string"],
        title="Respaldo",
        description="De cuál hacer la copia, por ejemplo 20261124T053000Z-3f9a01. Vacío: el más nuevo que pasó su "
        "prueba.",
    ),
    "remove": Param(
        False,
        type="boolean",
        title="Quitar",
        description="Borra la copia de pruebas que está en pie, y no hace otra.",
    ),
}


@dag(
    dag_id="odoo_staging",
    dag_display_name="Copia de pruebas de Odoo",
    description="Deja cada mañana una copia de Odoo para probar, con los datos de personas enmascarados",
    schedule=CronTriggerTimetable("0 7 * * *", timezone=SANTIAGO, run_immediately=False),
    params=PARAMS,
    tags=[Tag.BACKUP, Tag.SCHEDULED],
    doc_md=__doc__,
    dagrun_timeout=timedelta(hours=12),
    **CLOSES_NOTHING,
)
def odoo_staging() -> None:
    stage()
    remove()


odoo_staging()
