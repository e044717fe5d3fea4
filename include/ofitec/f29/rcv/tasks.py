"""The tasks of `rcv_reconcile`. Imported at parse time, so kept light: the work is in `steps`."""

from typing import Any

from airflow.sdk import task

from ofitec.f29.tasks import named_branch


@task(task_display_name="Periodo y empresas")
def plan(params: Any = None, dag_run: Any = None) -> list[list[dict[str, Any]]]:
    """One job a company that has something of the register, in branches."""
    from ofitec.f29.rcv import steps

    return steps.share(steps.plan(params, run_id=dag_run.run_id, run_after=dag_run.run_after))


@task(task_display_name="Cargar y conciliar", map_index_template="{{ branch }}")
def reconcile(jobs: list[dict[str, Any]], params: Any = None, dag_run: Any = None) -> list[str]:
    """Of each company of a branch: new files into Odoo, months compared. One that fails stops no other."""
    from ofitec.f29.rcv import steps

    run = {"run_id": dag_run.run_id, "run_after": dag_run.run_after, "force": params["force"]}
    return named_branch(jobs, lambda: steps.companies(jobs, **run))


@task(task_display_name="Resumen")
def summary(dag_run: Any = None) -> None:
    """What is new of several companies, told in one digest; and what lies outside of a month's folder."""
    from ofitec.f29.rcv import steps

    steps.tell_all(run_id=dag_run.run_id, run_after=dag_run.run_after)
