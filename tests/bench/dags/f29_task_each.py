"""How `f29_monthly` did a month before its branches held several companies: three tasks a company, for the bench."""

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, task, task_group

from ofitec.dag import DAG_DEFAULTS, Given


@task
def plan(params: Any = None, dag_run: Any = None) -> list[dict[str, Any]]:
    from ofitec.f29 import steps

    return steps.plan(params, run_id=dag_run.run_id, run_after=dag_run.run_after)


@task
def look(job: dict[str, Any]) -> list[dict[str, Any]]:
    from ofitec.clients.odoo import OdooClient
    from ofitec.f29 import steps

    return [form.model_dump(mode="json") for form in steps.look(OdooClient.from_connection(), job)]


@task
def deliver(job: dict[str, Any], forms: Given, dag_run: Any = None) -> list[Any]:
    from ofitec.clients.storage import Storage
    from ofitec.f29 import steps
    from ofitec.f29.form import ClosedForm
    from ofitec.settings import settings

    closed, storage = [ClosedForm.model_validate(form) for form in forms], Storage.from_url(settings().export_url)
    receipts = steps.deliver(storage, closed, run_id=dag_run.run_id, force=False)
    return [receipt.model_dump(mode="json") for receipt in receipts]


@task
def announce(job: dict[str, Any], forms: Given, receipts: Given, dag_run: Any = None) -> bool:
    from ofitec.f29 import steps
    from ofitec.f29.delivery import Receipt
    from ofitec.f29.form import ClosedForm

    closed, done = [ClosedForm.model_validate(f) for f in forms], [Receipt.model_validate(r) for r in receipts]
    return steps.announce(job, closed, done, run_id=dag_run.run_id, run_after=dag_run.run_after)


@task_group
def company_month(job: dict[str, Any]) -> None:
    forms = look(job)
    announce(job, forms, deliver(job, forms))


@dag(
    schedule=None,
    params={"period": Param(None, type=["null", "string"]), "companies": Param(None, type=["null", "array"])},
    dagrun_timeout=timedelta(hours=1),
    **DAG_DEFAULTS,
)
def f29_task_each() -> None:
    company_month.expand(job=plan())


f29_task_each()
