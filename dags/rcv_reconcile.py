"""### Registro del SII: cargar y conciliar

Cada día, del 1 al 28 a las 06:30, busca los archivos del registro de compras y ventas (RCV) que alguien bajó de sii.cl
y dejó sin editar en `OFITEC_EXPORT_URL`, bajo `rcv/<RUT>/<AAAA-MM>/`: ventas, compras (registro, pendientes, no
incluir, reclamadas), resumen de ventas y honorarios recibidos.

* **Carga** en Odoo (módulo `of_sii_cl`) cada archivo una sola vez, por su contenido. También mira los dos meses
  anteriores.
* **Concilia** el mes, documento por documento y código por código, aunque el registro se haya cargado a mano en Odoo.
* **Avisa** en Slack cuántos documentos difieren y por qué causa, o que el mes está certificado. Sin nombres ni RUT de
  contrapartes: los documentos se ven en Odoo, pestaña *Conciliación* del formulario. Si nada cambió no dice nada.

De varias empresas avisa en un solo resumen, con las que no quedaron listas. Lo que esté bajo `rcv/` fuera de la carpeta
de un RUT y un mes no se lee y se avisa una vez.

Un archivo de otro RUT, de otro mes, o que no es del registro se avisa con su nombre y su motivo; los demás se cargan
igual. Nunca cambia documentos ni formularios: eso lo hace una persona.

Ejecutarlo a mano otra vez no repite nada. Un periodo o RUT mal escrito se responde en la tarea *Periodo y empresas*.

Conexiones: `odoo_default`, `slack_default`, `ofitec_ledger`, y `aws_default` para S3.
Qué hacer si falla: docs/runbooks/rcv_reconcile.md
"""

from datetime import timedelta

from airflow.sdk import CronTriggerTimetable, Param, dag

from ofitec.dag import DAG_DEFAULTS, SANTIAGO, Tag, deadline
from ofitec.f29.rcv.tasks import plan, reconcile, summary

# What is typed here is judged by the first task, in Spanish: a JSON schema would answer with its own source.
PARAMS = {
    "period": Param(
        None,
        type=["null", "string"],
        title="Periodo (AAAA-MM)",
        description="Mes del registro, por ejemplo 2026-08. Vacío: el mes anterior en Santiago y los dos previos.",
    ),
    "companies": Param(
        None,
        type=["null", "array"],
        items={"type": "string"},
        title="Empresas (RUT)",
        description="Un RUT por línea, por ejemplo 76.123.456-0. Vacío: todas las que tengan archivos o registro.",
    ),
    "force": Param(
        False,
        type="boolean",
        title="Cargar y avisar de nuevo",
        description="Carga otra vez los archivos ya cargados, y avisa aunque nada haya cambiado.",
    ),
}


@dag(
    dag_id="rcv_reconcile",
    dag_display_name="Registro del SII",
    description="Carga el registro de compras y ventas del SII, lo concilia con Odoo y avisa qué difiere",
    schedule=CronTriggerTimetable("30 6 1-28 * *", timezone=SANTIAGO, run_immediately=False),
    params=PARAMS,
    tags=[Tag.FISCAL, Tag.SCHEDULED],
    doc_md=__doc__,
    dagrun_timeout=timedelta(hours=1),
    deadline=deadline(minutes=20),
    **DAG_DEFAULTS,
)
def rcv_reconcile() -> None:
    reconcile.expand(jobs=plan()) >> summary().as_teardown()


rcv_reconcile()
