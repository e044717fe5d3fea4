"""### Respaldo nocturno de Odoo

Guarda la base y los archivos de un mismo momento con restic, revisa el repositorio y retira los respaldos que la
política no conserva (ninguno, mientras falten respaldos que nadie ha reconocido como perdidos). Cada respaldo entero
se publica como `odoo_backup`, y con eso empieza `backup_verify`, que lo restaura. Un respaldo cuya base o cuyos
archivos no estaban enteros, o cuya ejecución se interrumpió, nunca cuenta.

Usa las conexiones `odoo_db`, `restic_default`, `ofitec_ledger` y, si el repositorio es `s3:`, `aws_default`.
Qué hacer si falla: docs/runbooks/backup_nightly.md
"""

from datetime import timedelta

from airflow.sdk import CronTriggerTimetable, Param, dag

from ofitec.backup.tasks import night
from ofitec.dag import DAG_DEFAULTS, SANTIAGO, Tag, deadline

PARAMS = {
    "create_repository": Param(
        False,
        type="boolean",
        title="Crear el repositorio",
        description="Solo la primera vez: crea el repositorio de restic si en esa dirección no hay ninguno.",
    ),
    "acknowledge_lost": Param(
        0,
        type="integer",
        minimum=0,
        title="Respaldos perdidos que reconoce",
        description="Cuántos faltan según el aviso «Faltan respaldos en el repositorio»: se dan por perdidos, y se "
        "vuelve a retirar los antiguos. 0: ninguno.",
    ),
}


@dag(
    dag_id="backup_nightly",
    dag_display_name="Respaldo nocturno",
    description="Guarda base y archivos de un mismo momento, revisa el repositorio, retira lo antiguo",
    schedule=CronTriggerTimetable("30 2 * * *", timezone=SANTIAGO, run_immediately=False),
    params=PARAMS,
    tags=[Tag.BACKUP, Tag.SCHEDULED],
    doc_md=__doc__,
    dagrun_timeout=timedelta(hours=20),
    deadline=deadline(minutes=180),
    **DAG_DEFAULTS,
)
def backup_nightly() -> None:
    night("{{ params.create_repository }}", "{{ params.acknowledge_lost }}")


backup_nightly()
