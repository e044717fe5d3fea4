"""What every DAG has in common: owner, tags, time zone, retries, callbacks. Imported at parse time, so kept light."""

from datetime import timedelta
from enum import StrEnum
from typing import Any, TypeAlias

from airflow.sdk import (  # type: ignore[attr-defined]
    AsyncCallback,
    DeadlineAlert,
    DeadlineReference,
    ExceptionRetryPolicy,
    RetryAction,
    RetryRule,
)

from ofitec.notify import alive
from ofitec.notify.failure import on_failure, remember_error
from ofitec.notify.late import on_deadline
from ofitec.notify.recovery import on_success

SANTIAGO = "America/Santiago"

# What a task gets from another: its XComArg while the DAG is composed, its value when the task runs
Given: TypeAlias = Any


class Tag(StrEnum):
    """The closed list of tags; a test holds every DAG to it."""

    FISCAL = "fiscal"
    BACKUP = "respaldo"
    DEPLOY = "despliegue"
    SECURITY = "seguridad"
    SCHEDULED = "programado"
    MANUAL = "manual"


# What cannot heal by itself fails at once; a foreign system that is down is asked again.
_RETRIES = ExceptionRetryPolicy(
    rules=[
        RetryRule(exception="ofitec.errors.PermanentError", action=RetryAction.FAIL, reason="Trying again cannot help")
    ]
)

TASK_DEFAULTS: dict[str, Any] = {
    "owner": "ofitec",
    "retries": 2,
    "retry_delay": timedelta(seconds=30),
    "retry_policy": _RETRIES,
    "execution_timeout": timedelta(minutes=15),
    "on_execute_callback": alive.on_begin,
    "on_failure_callback": remember_error,
}

DAG_DEFAULTS: dict[str, Any] = {
    "default_args": TASK_DEFAULTS,
    "catchup": False,
    "max_active_runs": 1,
    # people first, then the dead man's switch
    "on_failure_callback": [on_failure, alive.on_failure],
    "on_success_callback": [on_success, alive.on_success],
    "render_template_as_native_obj": True,
}


# of a DAG in which a day without anything to do proves nothing: its tasks that did something close an alarm
CLOSES_NOTHING: dict[str, Any] = {**DAG_DEFAULTS, "on_success_callback": [alive.on_success]}


def deadline(minutes: int) -> DeadlineAlert:
    """Tells people when a run is not done so many minutes after it was queued. The triggerer does it."""
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(minutes=minutes),
        callback=AsyncCallback(on_deadline, kwargs={"minutes": minutes}),
    )
