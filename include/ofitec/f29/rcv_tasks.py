"""The tasks of `rcv_reconcile`. Imported at parse time, so kept light: the work is in `rcv_steps`."""

from typing import Any

from airflow.sdk import get_current_context, task


@task(task_display_name="Periodo y empresas")
def plan(params: Any = None, dag_run: Any = None) -> list[dict[str, Any]]:
    """One job a company."""
    from ofitec.f29 import rcv_steps

    return rcv_steps.plan(params, run_id=dag_run.run_id, run_after=dag_run.run_after)


@task(task_display_name="Cargar, conciliar y avisar", map_index_template="{{ branch }}")
def reconcile(job: dict[str, Any], params: Any = None, dag_run: Any = None) -> list[str]:
    """A company's new files into Odoo, its month compared, people told."""
    from ofitec.f29 import rcv_steps

    company = job["company"]["name"]
    _name_branch(company)
    run = {"run_id": dag_run.run_id, "run_after": dag_run.run_after}
    lines = rcv_steps.reconcile(job, **run, force=params["force"])
    _name_branch(f"{company}: {lines[-1]}"[:250])
    return lines


def _name_branch(name: str) -> None:
    """Show a mapped branch under its company's name, and how its month stands once that is known."""
    get_current_context()["branch"] = name  # type: ignore[typeddict-unknown-key]
