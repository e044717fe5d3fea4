"""The tasks of `rcv_reconcile`. Imported at parse time, so kept light: the work is in `rcv_steps`."""

from typing import Any

from airflow.sdk import get_current_context, task


@task(task_display_name="Periodo y empresas")
def plan(params: Any = None, dag_run: Any = None) -> list[list[dict[str, Any]]]:
    """One job a company that has something of the register, in branches."""
    from ofitec.f29 import rcv_steps

    return rcv_steps.share(rcv_steps.plan(params, run_id=dag_run.run_id, run_after=dag_run.run_after))


@task(task_display_name="Cargar, conciliar y avisar", map_index_template="{{ branch }}")
def reconcile(jobs: list[dict[str, Any]], params: Any = None, dag_run: Any = None) -> list[str]:
    """Of each company of a branch: new files into Odoo, months compared, people told. One that fails stops no other."""
    from ofitec.errors import Several
    from ofitec.f29 import branches, rcv_steps

    _name_branch(branches.name(jobs))
    run = {"run_id": dag_run.run_id, "run_after": dag_run.run_after}
    try:
        lines = rcv_steps.companies(jobs, **run, force=params["force"])
    except Several as failed:
        _name_branch(branches.name(jobs, branches.standing(jobs, failed)))
        raise
    _name_branch(branches.name(jobs, branches.done(jobs, lines)))
    return lines


def _name_branch(name: str) -> None:
    """Show a mapped branch under a name of its own."""
    get_current_context()["branch"] = name  # type: ignore[typeddict-unknown-key]
