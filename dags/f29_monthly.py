"""### F29: the monthly VAT form

Computes each company's F29 in Odoo (add-on `of_sii_cl`), checks its arithmetic and its files, delivers CSV, JSON and
XML with a manifest to `OFITEC_EXPORT_URL`, and tells Slack what to pay and by when. Running a period again changes
nothing unless Odoo's data changed; then Slack says what changed, código by código. An approved or filed form is
refused.

Needs the connections `odoo_default`, `slack_default`, `ofitec_ledger`, and `aws_default` for S3.
Runbook: docs/runbooks/f29_monthly.md
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import CronTriggerTimetable, Param, dag, get_current_context, task, task_group

from ofitec.dag_defaults import DAG_DEFAULTS, SANTIAGO, Tag, deadline

PARAMS = {
    "period": Param(
        None,
        type=["null", "string"],
        pattern=r"^20\d\d-(0[1-9]|1[0-2])$",
        title="Periodo (AAAA-MM)",
        description="Mes que se declara, por ejemplo 2026-08. Vacío: el mes anterior en Santiago.",
    ),
    "companies": Param(
        None,
        type=["null", "array"],
        items={"type": "string", "pattern": r"^[0-9.]{7,10}-?[0-9kK]$"},
        title="Empresas (RUT)",
        description="Un RUT por línea, por ejemplo 76.123.456-0. Vacío: todas las empresas con RUT chileno.",
    ),
    "force": Param(
        False,
        type="boolean",
        title="Entregar de nuevo",
        description="Entrega y avisa aunque nada haya cambiado. No pasa por alto un formulario aprobado.",
    ),
}


BRANCH = "{{ company_name }}"


def name_branch(company: str) -> None:
    """Show a mapped branch under its company's name."""
    get_current_context()["company_name"] = company  # type: ignore[typeddict-unknown-key]


@dag(
    dag_id="f29_monthly",
    dag_display_name="F29 mensual",
    description="Computes, checks, delivers and announces the monthly VAT form of each company",
    schedule=CronTriggerTimetable("0 7 10 * *", timezone=SANTIAGO, run_immediately=False),
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

        return tasks.plan(params, dag_run.run_after)

    @task(
        task_display_name="Calcular y revisar",
        map_index_template=BRANCH,
        show_return_value_in_logs=False,
        multiple_outputs=False,
    )
    def compute(job: dict[str, Any]) -> dict[str, Any]:
        from ofitec.f29 import tasks

        name_branch(job["company"]["name"])
        return tasks.compute(job["company"], job["period"])

    @task(task_display_name="Entregar archivos", map_index_template=BRANCH, multiple_outputs=False)
    def deliver(closed: dict[str, Any], params: Any = None, dag_run: Any = None) -> dict[str, Any]:
        from ofitec.f29 import tasks

        name_branch(closed["form"]["company"])
        return tasks.deliver(closed, run_id=dag_run.run_id, force=params["force"])

    @task(task_display_name="Avisar en Slack", map_index_template=BRANCH)
    def announce(closed: dict[str, Any], receipt: dict[str, Any], params: Any = None, dag_run: Any = None) -> bool:
        from ofitec.f29 import tasks

        name_branch(closed["form"]["company"])
        force = params["force"]
        return tasks.announce(closed, receipt, run_id=dag_run.run_id, run_after=dag_run.run_after, force=force)

    @task_group(group_display_name="Cada empresa")
    def close_company(job: dict[str, Any]) -> None:
        closed = compute(job)
        announce(closed, deliver(closed))

    close_company.expand(job=plan())


f29_monthly()
