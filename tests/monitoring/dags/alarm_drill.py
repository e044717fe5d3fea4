"""A DAG of the tests that fails, hangs or ends well on order, with the callbacks of every DAG of this package."""

from datetime import timedelta
from typing import Any

from airflow.sdk import (  # type: ignore[attr-defined]  # its stub lacks some
    DeadlineAlert,
    DeadlineReference,
    dag,
    task,
)

from ofitec.dag import DAG_DEFAULTS, deadline

LATE = DeadlineAlert(
    reference=DeadlineReference.DAGRUN_QUEUED_AT,
    interval=timedelta(seconds=8),
    callback=deadline(minutes=1).callback,
)


@dag(
    dag_id="alarm_drill",
    schedule=None,
    params={"do": "end well", "pids": ""},
    dagrun_timeout=timedelta(minutes=10),
    deadline=LATE,
    **DAG_DEFAULTS,
)
def alarm_drill() -> None:
    @task(retries=0)
    def act(params: Any = None) -> None:
        import os
        import time
        from pathlib import Path

        if params["do"] == "fail":
            raise ValueError("Odoo at odoo:8069 does not answer.")
        if params["do"] == "hang":
            # the task's process and the worker that watches it
            Path(params["pids"]).write_text(f"{os.getpid()} {os.getppid()}")
            time.sleep(300)

    act()


alarm_drill()
