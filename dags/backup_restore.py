"""### Restaurar un respaldo de verdad

Trae un respaldo de vuelta como una base y una carpeta de archivos en las que Odoo puede correr: primero al lado de su
lugar, comparado como en una prueba, y al final por cambios de nombre. Si ya hay algo ahí, una persona debe aprobar
(Slack lo avisa; sin respuesta en 24 horas, no se hace), y lo que había se guarda con otro nombre, nunca se borra. Una
base con alguien conectado no se reemplaza: detenga antes su Odoo.

Con un *Momento*, y si `backup_continuous` está activado, vuelve lo que había a esa hora, al segundo: la base y los
archivos que sus filas nombran. Si de alguno no hay copia, lo dice.

Usa las conexiones `odoo_db` (con permiso para crear bases), `restic_default` o `restic_second`, `ofitec_ledger` y
`slack_default`; para un momento también `pgbackrest_default`.
Qué hacer si falla: docs/runbooks/backup_restore.md
"""

from datetime import timedelta

from airflow.sdk import Param, dag

from ofitec.backup.tasks import REPOSITORY, ask, outcome, place_is_free, plan_restore, restore, settle_restore
from ofitec.dag import DAG_DEFAULTS, Tag
from ofitec.notify.tasks import approval

PARAMS = {
    "backup": Param(
        None,
        type=["null", "string"],
        title="Respaldo",
        description="Cuál restaurar, por ejemplo 20261124T053000Z-3f9a01. Vacío: el más nuevo que pasó su prueba.",
    ),
    "moment": Param(
        None,
        type=["null", "string"],
        title="Momento",
        description="Hasta cuándo, en hora de Chile, por ejemplo 2026-11-27 14:32:10; «último»: lo más reciente que "
        "haya. Necesita el respaldo continuo (backup_continuous). Vacío: el respaldo de arriba.",
    ),
    "repository": REPOSITORY,
    "database": Param(
        "odoo_restaurado",
        type="string",
        title="Base de destino",
        description="Nombre que tendrá la base. Si ya existe se pide aprobación, y la de antes se guarda aparte.",
    ),
    "filestore": Param(
        None,
        type=["null", "string"],
        title="Carpeta de archivos",
        description="Ruta absoluta para los archivos. Vacío: junto al filestore actual, con el nombre de la base.",
    ),
    "neutralise": Param(
        True,
        type="boolean",
        title="Neutralizar",
        description="Apaga correos, pagos y tareas programadas. Desactívelo solo para volver a producción.",
    ),
}


@dag(
    dag_id="backup_restore",
    dag_display_name="Restaurar un respaldo",
    description="Trae un respaldo de vuelta como base y archivos, nunca encima de una base en uso",
    schedule=None,
    params=PARAMS,
    tags=[Tag.BACKUP, Tag.MANUAL],
    doc_md=__doc__,
    dagrun_timeout=timedelta(hours=48),
    **DAG_DEFAULTS,
)
def backup_restore() -> None:
    wanted = plan_restore.override(task_id="plan")()
    asked = ask(wanted)
    approved = approval("plan")
    done = restore(wanted)
    place_is_free(wanted) >> [asked, done]
    asked >> approved >> done
    settled = settle_restore()
    done >> settled
    done >> outcome(settled)


backup_restore()
