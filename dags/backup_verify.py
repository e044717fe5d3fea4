"""### Prueba de un respaldo

Restaura un respaldo, por los números de sus copias, en una base y una carpeta de usar y botar; compara cada tabla
(filas y huellas) y cada adjunto (sha1) con las cifras que se tomaron en el origen; arranca Odoo sobre la copia
(neutralizado, sin tareas programadas ni red), y anota cuánto tardó cada paso. La copia se borra siempre, y nunca se
toca una base que no haya hecho este paquete. Todo es una sola tarea, en un solo equipo; su registro cuenta los pasos.

Un respaldo solo se da por malo (*refuted*) si se leyeron datos y no son los que se guardaron. Si la prueba no se pudo
hacer, nada se supo; y una prueba posterior que pasa levanta lo que otra rechazó.

Corre después de cada respaldo, y los domingos completa: entonces además se lee cada byte del repositorio, y se avisa
por Slack. Usa las conexiones `odoo_db`, `restic_default`, `ofitec_ledger` y `slack_default`, y espacio para una
copia.
Qué hacer si falla: docs/runbooks/backup_verify.md
"""

from datetime import timedelta

from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, Param, dag

from ofitec.backup.tasks import ODOO_BACKUP, prove
from ofitec.dag import DAG_DEFAULTS, SANTIAGO, Tag

PARAMS = {
    "backup": Param(
        None,
        type=["null", "string"],
        title="Respaldo",
        description="Cuál probar, por ejemplo 20261124T053000Z-3f9a01. Vacío: el más nuevo.",
    ),
    "read_data": Param(
        False,
        type="boolean",
        title="Leer todo el repositorio",
        description="Lee además cada byte del repositorio, como cada domingo.",
    ),
}


@dag(
    dag_id="backup_verify",
    dag_display_name="Prueba del respaldo",
    description="Restaura un respaldo, lo compara con su origen fila por fila y archivo por archivo, y lo arranca",
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("0 5 * * 0", timezone=SANTIAGO, run_immediately=False), assets=[ODOO_BACKUP]
    ),
    params=PARAMS,
    tags=[Tag.BACKUP, Tag.SCHEDULED],
    doc_md=__doc__,
    dagrun_timeout=timedelta(hours=20),
    **DAG_DEFAULTS,
)
def backup_verify() -> None:
    prove()


backup_verify()
