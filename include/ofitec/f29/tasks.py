"""The tasks of `f29_monthly`. Imported at parse time, so kept light: the work is in `steps`."""

from typing import Any

from airflow.sdk import get_current_context, task


@task(task_display_name="Periodo y empresas")
def plan(params: Any = None, dag_run: Any = None) -> list[list[dict[str, Any]]]:
    """One job a company and month, in branches."""
    from ofitec.f29 import steps

    return steps.share(steps.plan(params, run_id=dag_run.run_id, run_after=dag_run.run_after))


@task(task_display_name="Cada empresa", map_index_template="{{ branch }}")
def months(jobs: list[dict[str, Any]], params: Any = None, dag_run: Any = None) -> list[str]:
    """Of each company of a branch: compute or read, check, deliver, tell. One that fails stops no other."""
    from ofitec.errors import Several
    from ofitec.f29 import branches, steps

    _name_branch(branches.name(jobs))
    run = {"run_id": dag_run.run_id, "run_after": dag_run.run_after}
    try:
        lines = steps.months(jobs, **run, force=params["force"])
    except Several as failed:
        _name_branch(branches.name(jobs, branches.standing(jobs, failed)))
        raise
    _name_branch(branches.name(jobs, branches.done(jobs, lines)))
    return lines


@task(task_display_name="Resumen")
def summary(dag_run: Any = None) -> list[str]:
    """Every company and what came of it, in one place."""
    from ofitec.f29 import steps

    return steps.sum_up(run_id=dag_run.run_id)


def _name_branch(name: str) -> None:
    """Show a mapped branch under a name of its own."""
    get_current_context()["branch"] = name  # type: ignore[typeddict-unknown-key]
