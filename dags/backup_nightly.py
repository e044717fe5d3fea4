"""### Nightly backup of Odoo

Saves database and filestore of one moment with restic, checks the repository, and removes what the retention does not
keep. Each backup that is whole is published as asset `odoo_backup`; that starts `backup_verify`, which restores it.
A backup whose dump or files were not whole, or whose run was killed, never counts.

Needs the connections `odoo_db`, `restic_default`, `ofitec_ledger`, and for `s3:` repositories `aws_default`.
Runbook: docs/runbooks/backup_nightly.md
"""

from datetime import timedelta

from airflow.sdk import CronTriggerTimetable, Param, dag

from ofitec.dag_backup import night
from ofitec.dag_defaults import DAG_DEFAULTS, SANTIAGO, Tag, deadline

PARAMS = {
    "create_repository": Param(
        False,
        type="boolean",
        title="Crear el repositorio",
        description="Solo la primera vez: crea el repositorio de restic si en esa dirección no hay ninguno.",
    ),
}


@dag(
    dag_id="backup_nightly",
    dag_display_name="Respaldo nocturno",
    description="Saves database and filestore of one moment, checks the repository, applies the retention",
    schedule=CronTriggerTimetable("30 2 * * *", timezone=SANTIAGO, run_immediately=False),
    params=PARAMS,
    tags=[Tag.BACKUP, Tag.SCHEDULED],
    doc_md=__doc__,
    dagrun_timeout=timedelta(hours=20),
    deadline=deadline(minutes=180),
    **DAG_DEFAULTS,
)
def backup_nightly() -> None:
    night("{{ params.create_repository }}")


backup_nightly()
