"""### Respaldo continuo de Odoo

Cada cinco minutos, si `OFITEC_CONTINUOUS` está activado, para poder volver a un momento y no solo a la noche
(*Restaurar un respaldo*, campo *Momento*):

- guarda los archivos de Odoo en el repositorio de cada noche, sin que Odoo borre ninguno mientras tanto;
- mira hasta dónde llega el WAL que PostgreSQL envía por pgBackRest, y si le falta una parte;
- si puede leer la carpeta de datos de PostgreSQL, hace el respaldo de base cuando toca: uno entero por semana, y cada
  día lo que cambió. Si no, lo hace un temporizador en el equipo de PostgreSQL (docs/continuous.md).

Mientras trabaja otro (la noche, una prueba, un despliegue), los archivos esperan a la próxima vez. Un fallo que sigue
se vuelve a avisar cada seis horas.

Usa las conexiones `odoo_db`, `restic_default`, `pgbackrest_default`, `ofitec_ledger` y `slack_default`.
Qué hacer si falla: docs/runbooks/backup_continuous.md
"""

from datetime import timedelta

from airflow.sdk import CronTriggerTimetable, Param, dag

from ofitec.continuous.tasks import look
from ofitec.dag import CLOSES_NOTHING, SANTIAGO, Tag

PARAMS = {
    "create_repository": Param(
        False,
        type="boolean",
        title="Crear el archivo",
        description="Solo la primera vez, y donde se hacen los respaldos de base: crea el lugar del WAL de este "
        "servidor si no hay uno.",
    ),
}


@dag(
    dag_id="backup_continuous",
    dag_display_name="Respaldo continuo de Odoo",
    description="Guarda los archivos de Odoo cada pocos minutos y vigila el archivo del WAL, para volver a un momento",
    schedule=CronTriggerTimetable("*/5 * * * *", timezone=SANTIAGO, run_immediately=False),
    params=PARAMS,
    tags=[Tag.BACKUP, Tag.SCHEDULED],
    doc_md=__doc__,
    dagrun_timeout=timedelta(hours=9),
    **CLOSES_NOTHING,
)
def backup_continuous() -> None:
    look()


backup_continuous()
