"""The tasks of `f29_monthly`. Imported at parse time, so kept light: the work is in `steps`."""

from collections.abc import Callable
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
    from ofitec.f29 import steps

    run = {"run_id": dag_run.run_id, "run_after": dag_run.run_after, "force": params["force"]}
    return named_branch(jobs, lambda: steps.months(jobs, **run))


@task(task_display_name="Resumen")
def summary(params: Any = None, dag_run: Any = None) -> list[str]:
    """Every company and what came of it, in one place; told in one digest, where the run has several, with the UTM that
    is missing."""
    from ofitec.f29 import steps

    steps.tell_all(run_id=dag_run.run_id, run_after=dag_run.run_after)
    try:
        return steps.sum_up(run_id=dag_run.run_id)
    finally:
        steps.ask_for_utm(params, run_id=dag_run.run_id, run_after=dag_run.run_after)


def named_branch(jobs: list[dict[str, Any]], do: Callable[[], list[str]]) -> list[str]:
    """Do a branch, shown in Airflow by the names of its companies and, once it is known, by how they stand.

    :param do: does the jobs; a line for each
    """
    from ofitec.errors import Several
    from ofitec.f29 import branches

    context: Any = get_current_context()
    context["branch"] = branches.name(jobs)
    try:
        lines = do()
    except Several as failed:
        context["branch"] = branches.name(jobs, branches.standing(jobs, failed))
        raise
    context["branch"] = branches.name(jobs, branches.done(jobs, lines))
    return lines
