"""What the backup DAGs share: the asset and the night's tasks. Imported at parse time, so kept light."""

from datetime import timedelta
from typing import Any

from airflow.sdk import Asset, task

# Published by each backup that is whole in the repository; its event's extra is {"backup": key}.
# It has no URI: one with a scheme makes every parse load the providers that may know it.
ODOO_BACKUP = Asset("odoo_backup")

LONG = timedelta(hours=8)  # no shorter than the settings' own limits, which speak more clearly


@task(task_display_name="Revisar antes", execution_timeout=timedelta(hours=2), multiple_outputs=False)
def preflight(create_repository: bool, dag_run: Any = None) -> dict[str, Any]:
    """Look at everything that can spoil the backup."""
    from ofitec.backup import tasks

    return tasks.preflight(run_id=dag_run.run_id, create_repository=create_repository)


@task(task_display_name="Respaldar base y archivos", execution_timeout=LONG)
def snapshot(dag_run: Any = None) -> str:
    """One task, because one open transaction ties database and files together."""
    from ofitec.backup import tasks

    return tasks.snapshot(run_id=dag_run.run_id)


@task(task_display_name="Revisar el repositorio", execution_timeout=LONG, outlets=[ODOO_BACKUP], multiple_outputs=False)
def check(key: Any, outlet_events: Any = None, dag_run: Any = None) -> dict[str, Any]:
    """Count the backup and publish it: its proof starts."""
    from ofitec.backup import tasks

    done = tasks.check(key, run_id=dag_run.run_id)
    outlet_events[ODOO_BACKUP].extra = {"backup": key}
    return done


@task(task_display_name="Retirar los antiguos", execution_timeout=LONG, multiple_outputs=False)
def retain(found: Any, dag_run: Any = None) -> dict[str, Any]:
    """Remove what the policy does not keep."""
    from ofitec.backup import tasks

    return tasks.retain(found["lost"], run_id=dag_run.run_id)


def night(create_repository: Any) -> tuple[Any, Any]:
    """The night's chain; returns its first and last task."""
    found = preflight(create_repository)
    key = snapshot()
    done = check(key)
    last = retain(found)
    found >> key
    done >> last
    return found, last
