"""### Segunda copia de los respaldos

Cada mañana copia a un segundo repositorio, en otro lugar y con otra clave, los respaldos que el registro da por buenos
y que ahí faltan; revisa ese repositorio, retira las copias que su propia política no conserva, y una vez por semana
restaura una copia y la compara como en `backup_verify`. Un respaldo rechazado, perdido o a medias nunca se copia. La
prueba no espera a la copia: si el primer repositorio no está, el segundo se prueba igual.

Sin la conexión `restic_second` no hace nada. Se restaura desde ahí con `backup_restore`, eligiendo el repositorio.

Usa las conexiones `restic_default`, `restic_second`, `ofitec_ledger`, `slack_default` y, para la prueba, `odoo_db`.
Qué hacer si falla: docs/runbooks/backup_copy.md
"""

from datetime import timedelta

from airflow.sdk import CronTriggerTimetable, Param, dag

from ofitec.backup.tasks import copy, prove_copy, retain_copies
from ofitec.dag import DAG_DEFAULTS, SANTIAGO, Tag

PARAMS = {
    "create_repository": Param(
        False,
        type="boolean",
        title="Crear el repositorio",
        description="Solo la primera vez: crea el segundo repositorio si en esa dirección no hay ninguno.",
    ),
    "acknowledge_lost": Param(
        0,
        type="integer",
        minimum=0,
        title="Respaldos perdidos que reconoce",
        description="Cuántas copias faltan según el aviso «Faltan copias en el segundo repositorio»: se dan por "
        "perdidas, y se copian otra vez las que el primero aún tenga. 0: ninguna.",
    ),
    "backup": Param(
        None,
        type=["null", "string"],
        title="Copia que probar",
        description="El respaldo cuya copia se prueba ahora, por ejemplo 20261124T053000Z-3f9a01. Vacío: la más nueva, "
        "cuando toca.",
    ),
    "read_data": Param(
        False,
        type="boolean",
        title="Probar ahora, y leer todo el repositorio",
        description="Prueba una copia aunque no toque, y lee además cada byte del segundo repositorio.",
    ),
}


@dag(
    dag_id="backup_copy",
    dag_display_name="Segunda copia",
    description="Copia los respaldos buenos a un segundo repositorio, y cada semana restaura y compara una copia",
    schedule=CronTriggerTimetable("0 6 * * *", timezone=SANTIAGO, run_immediately=False),
    params=PARAMS,
    tags=[Tag.BACKUP, Tag.SCHEDULED],
    doc_md=__doc__,
    dagrun_timeout=timedelta(hours=23),
    **DAG_DEFAULTS,
)
def backup_copy() -> None:
    copy("{{ params.create_repository }}") >> retain_copies("{{ params.acknowledge_lost }}")
    prove_copy()


backup_copy()
