"""### F29: la declaración mensual de IVA

Mira cada día, del 8 al 28 a las 07:00, el F29 del mes anterior de cada empresa en Odoo (módulo `of_sii_cl`):

* **abierto** (borrador o calculado): lo calcula, revisa su aritmética y sus archivos, los entrega y avisa en Slack
  cuánto pagar y hasta cuándo;
* **aprobado o declarado**: lo entrega tal como está, sin calcular nada, y avisa una vez el monto final con su folio;
  una rectificatoria, por su diferencia.

Entrega CSV, JSON y XML con un manifiesto en `OFITEC_EXPORT_URL`, bajo `/v<versión>/`. Si nada cambió no dice nada,
salvo que el vencimiento esté cerca y falte declarar. Nunca aprueba, declara ni paga: eso lo hace una persona.

De una empresa avisa con todo su detalle; de varias, un solo resumen con lo nuevo de cada una, lo que vence y las que no
quedaron listas. También avisa, una vez, qué UTM falta en Odoo para el remanente.

Ejecutarlo a mano otra vez no repite nada. Un periodo o RUT mal escrito se responde en la tarea *Periodo y empresas*.

Conexiones: `odoo_default`, `slack_default`, `ofitec_ledger`, y `aws_default` para S3.
Qué hacer si falla: docs/runbooks/f29_monthly.md
"""

from datetime import timedelta

from airflow.sdk import CronTriggerTimetable, Param, dag

from ofitec.dag import DAG_DEFAULTS, SANTIAGO, Tag, deadline
from ofitec.f29.tasks import months, plan, summary

# What is typed here is judged by the first task, in Spanish: a JSON schema would answer with its own source.
PARAMS = {
    "period": Param(
        None,
        type=["null", "string"],
        title="Periodo (AAAA-MM)",
        description="Mes que se declara, por ejemplo 2026-08. Vacío: el mes anterior en Santiago.",
    ),
    "companies": Param(
        None,
        type=["null", "array"],
        items={"type": "string"},
        title="Empresas (RUT)",
        description="Un RUT por línea, por ejemplo 76.123.456-0. Vacío: todas las empresas con RUT chileno.",
    ),
    "force": Param(
        False,
        type="boolean",
        title="Entregar de nuevo",
        description="Entrega y avisa aunque nada haya cambiado. No calcula un formulario aprobado o declarado.",
    ),
}


@dag(
    dag_id="f29_monthly",
    dag_display_name="F29 mensual",
    description="Calcula o lee, revisa, entrega y avisa la declaración mensual de IVA de cada empresa",
    schedule=CronTriggerTimetable("0 7 8-28 * *", timezone=SANTIAGO, run_immediately=False),
    params=PARAMS,
    tags=[Tag.FISCAL, Tag.SCHEDULED],
    doc_md=__doc__,
    dagrun_timeout=timedelta(hours=1),
    deadline=deadline(minutes=20),
    **DAG_DEFAULTS,
)
def f29_monthly() -> None:
    months.expand(jobs=plan()) >> summary().as_teardown()


f29_monthly()
