"""The tasks of `f29_monthly`. Imported at parse time, so kept light: the work is in `steps`."""

from typing import Any

from airflow.sdk import get_current_context, task

from ofitec.dag import Given

_BRANCH = "{{ branch }}"


@task(task_display_name="Periodo y empresas")
def plan(params: Any = None, dag_run: Any = None) -> list[dict[str, Any]]:
    """One job a company and month."""
    from ofitec.f29 import steps

    return steps.plan(params, run_id=dag_run.run_id, run_after=dag_run.run_after)


@task(
    task_display_name="Calcular o leer, y revisar",
    map_index_template=_BRANCH,
    show_return_value_in_logs=False,
)
def look(job: dict[str, Any]) -> list[dict[str, Any]]:
    """The month as it stands, computed if it is open."""
    from ofitec.f29 import steps

    _name_branch(job)
    forms = steps.look(job)
    _name_branch(job, steps.standing(forms))
    return forms


@task(task_display_name="Entregar archivos", map_index_template=_BRANCH)
def deliver(job: dict[str, Any], forms: Given, params: Any = None, dag_run: Any = None) -> list[Any]:
    """Its files, where they are new."""
    from ofitec.f29 import steps

    _name_branch(job)
    return steps.deliver(forms, run_id=dag_run.run_id, force=params["force"])


@task(task_display_name="Avisar en Slack", map_index_template=_BRANCH)
def announce(job: dict[str, Any], forms: Given, receipts: Given, dag_run: Any = None) -> bool:
    """What is new, once, or that it is due."""
    from ofitec.f29 import steps

    _name_branch(job)
    return steps.announce(job, forms, receipts, run_id=dag_run.run_id, run_after=dag_run.run_after)


def _name_branch(job: dict[str, Any], standing: str = "") -> None:
    """Show a mapped branch under its company's name, and how its month stands once that is known."""
    company = job["company"]["name"]
    get_current_context()["branch"] = f"{company}: {standing}" if standing else company  # type: ignore[typeddict-unknown-key]
