"""### F29: la declaración mensual de IVA

Mira cada día, del 8 al 28 a las 07:00, el F29 del mes anterior de cada empresa en Odoo (módulo `of_sii_cl`):

* **abierto** (borrador o calculado): lo calcula, revisa su aritmética y sus archivos, los entrega y avisa en Slack
  cuánto pagar y hasta cuándo;
* **aprobado o declarado**: lo entrega tal como está, sin calcular nada, y avisa una vez el monto final con su folio;
  una rectificatoria, por su diferencia.

Entrega CSV, JSON y XML con un manifiesto en `OFITEC_EXPORT_URL`, bajo `/v<versión>/`. Si nada cambió no dice nada,
salvo que el vencimiento esté cerca y falte declarar. Nunca aprueba, declara ni paga: eso lo hace una persona.

Ejecutarlo a mano otra vez no repite nada. Un periodo o RUT mal escrito se responde en la tarea *Periodo y empresas*.

Conexiones: `odoo_default`, `slack_default`, `ofitec_ledger`, y `aws_default` para S3.
Qué hacer si falla: docs/runbooks/f29_monthly.md
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import CronTriggerTimetable, Param, dag, get_current_context, task, task_group

from ofitec.dag_defaults import DAG_DEFAULTS, SANTIAGO, Tag, deadline

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


BRANCH = "{{ branch }}"


def name_branch(job: dict[str, Any], standing: str = "") -> None:
    """Show a mapped branch under its company's name, and how its month stands once that is known."""
    company = job["company"]["name"]
    get_current_context()["branch"] = f"{company}: {standing}" if standing else company  # type: ignore[typeddict-unknown-key]


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
    @task(task_display_name="Periodo y empresas")
    def plan(params: Any = None, dag_run: Any = None) -> list[dict[str, Any]]:
        from ofitec.f29 import tasks

        return tasks.plan(params, run_id=dag_run.run_id, run_after=dag_run.run_after)

    @task(
        task_display_name="Calcular o leer, y revisar",
        map_index_template=BRANCH,
        show_return_value_in_logs=False,
    )
    def look(job: dict[str, Any]) -> list[dict[str, Any]]:
        from ofitec.f29 import tasks

        name_branch(job)
        forms = tasks.look(job)
        name_branch(job, tasks.standing(forms))
        return forms

    @task(task_display_name="Entregar archivos", map_index_template=BRANCH)
    def deliver(job: dict[str, Any], forms: list[dict[str, Any]], params: Any = None, dag_run: Any = None) -> list[Any]:
        from ofitec.f29 import tasks

        name_branch(job)
        return tasks.deliver(forms, run_id=dag_run.run_id, force=params["force"])

    @task(task_display_name="Avisar en Slack", map_index_template=BRANCH)
    def announce(job: dict[str, Any], forms: list[dict[str, Any]], receipts: list[Any], dag_run: Any = None) -> bool:
        from ofitec.f29 import tasks

        name_branch(job)
        return tasks.announce(job, forms, receipts, run_id=dag_run.run_id, run_after=dag_run.run_after)

    @task_group(group_display_name="Cada empresa")
    def company_month(job: dict[str, Any]) -> None:
        forms = look(job)
        announce(job, forms, deliver(job, forms))

    company_month.expand(job=plan())


f29_monthly()
