"""### Recuperar una sola cosa de un respaldo

Saca de un respaldo un adjunto, una tabla como CSV, o un registro con sus partes (las filas que Odoo borraría con él,
como las líneas de una factura), sin restaurar nada y sin tocar Odoo. Lo deja en `OFITEC_EXPORT_URL`, bajo
`extract/<respaldo>/<momento>/`, y Slack dice dónde. Son datos de la empresa tal como estaban: los puede leer quien lea
esa carpeta, y conviene borrarlos después. Claves y contraseñas no se entregan.

Usa las conexiones `restic_default` o `restic_second`, `ofitec_ledger`, `odoo_db`, `slack_default`, y `aws_default` para
S3; y espacio en `OFITEC_WORK_DIR` para la base de ese respaldo.
Qué hacer si falla: docs/runbooks/backup_extract.md
"""

from datetime import timedelta

from airflow.sdk import Param, dag

from ofitec.backup.tasks import REPOSITORY, extract
from ofitec.dag import DAG_DEFAULTS, Tag

PARAMS = {
    "what": Param(
        "attachment",
        type="string",
        enum=["attachment", "record", "table"],
        values_display={
            "attachment": "Un adjunto",
            "record": "Un registro y sus partes (CSV)",
            "table": "Una tabla (CSV)",
        },
        title="Qué",
        description="Lo que se recupera. Llene abajo solo lo que le corresponde.",
    ),
    "attachment": Param(
        None,
        type=["null", "integer"],
        minimum=1,
        title="Adjunto: número",
        description="El id del adjunto (ir.attachment). Vacío: se busca por su nombre.",
    ),
    "name": Param(
        None,
        type=["null", "string"],
        title="Adjunto: nombre",
        description="El nombre exacto. Si hay varios con ese nombre, el registro de la tarea dice sus números.",
    ),
    "table": Param(
        None,
        type=["null", "string"],
        title="Registro o tabla: modelo",
        description="Por ejemplo account.move.",
    ),
    "record": Param(
        None,
        type=["null", "integer"],
        minimum=1,
        title="Registro: número",
        description="El id del registro.",
    ),
    "backup": Param(
        None,
        type=["null", "string"],
        title="Respaldo",
        description="De cuál, por ejemplo 20261124T053000Z-3f9a01. Vacío: el más nuevo que pasó su prueba.",
    ),
    "repository": REPOSITORY,
}


@dag(
    dag_id="backup_extract",
    dag_display_name="Recuperar una sola cosa",
    description="Saca un adjunto, un registro o una tabla de un respaldo, sin restaurarlo",
    schedule=None,
    params=PARAMS,
    tags=[Tag.BACKUP, Tag.MANUAL],
    doc_md=__doc__,
    dagrun_timeout=timedelta(hours=9),
    **DAG_DEFAULTS,
)
def backup_extract() -> None:
    extract()


backup_extract()
