"""### Cambiar la clave de los respaldos

A mano: agrega una llave nueva al repositorio de restic, comprueba que lo abre, la pone en el archivo de la conexión y
hace un respaldo con ella (al que sigue su prueba). La llave anterior se queda hasta que ese respaldo esté probado;
entonces se retira sola, en la ejecución diaria, que lee la clave de nuevo de donde la guarda la conexión. El 2 de
enero y el 2 de julio recuerda por Slack que toca cambiarla.

Usa la conexión `restic_default` con `password_file` en una carpeta que permanece, las de `backup_nightly`, y
`slack_default`.
Qué hacer si falla: docs/runbooks/secrets_rotate.md
"""

from datetime import timedelta

from airflow.sdk import CronTriggerTimetable, dag

from ofitec.backup.tasks import finish, night, remind, rotate, rotation_step
from ofitec.dag import CLOSES_NOTHING, SANTIAGO, Tag


@dag(
    dag_id="secrets_rotate",
    dag_display_name="Cambiar la clave de los respaldos",
    description="Cambia la clave del repositorio en dos fases, con un respaldo probado en medio",
    schedule=CronTriggerTimetable("0 10 * * *", timezone=SANTIAGO, run_immediately=False),
    tags=[Tag.BACKUP, Tag.SECURITY, Tag.SCHEDULED],
    doc_md=__doc__,
    dagrun_timeout=timedelta(hours=20),
    **CLOSES_NOTHING,
)
def secrets_rotate() -> None:
    changed = rotate()
    rotation_step() >> [remind(), changed, finish()]
    changed >> night(create_repository=False, closes_alarms=True)


secrets_rotate()
