"""The callbacks of every DAG: tell people, in Spanish, what failed and what to do next. They never raise."""

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ofitec.ledger import Ledger

log = logging.getLogger(__name__)


def remember_error(context: dict[str, Any]) -> None:
    """Task-level `on_failure_callback`: keeps what the task said, for the DAG-level callback sees no exception.

    Runs in the task's own process; a task that is killed says nothing, and the message goes out without it.
    """
    try:
        from ofitec.ledger import open_ledger, task_errors
        from ofitec.ledger.tables import TaskError
        from ofitec.notify.redact import redact

        instance, exception = context["ti"], context.get("exception")
        task_errors.remember(
            open_ledger(),
            TaskError(
                dag_id=instance.dag_id,
                run_id=instance.run_id,
                task_id=instance.task_id,
                label=str(getattr(instance, "rendered_map_index", None) or ""),
                error=redact(str(exception or "")).strip()[:2000],
            ),
        )
    except Exception as error:  # noqa: BLE001  # a callback must not add a failure of its own
        log.warning("The task's error could not be kept for the message: %s", type(error).__name__)


def on_failure(context: dict[str, Any]) -> None:
    """DAG-level `on_failure_callback`.

    Airflow may call it twice, or without task and exception (a killed worker): the ledger makes it one message.

    :param context: Airflow's callback context; only `dag`, `run_id`, `reason` are sure to be there
    """
    try:
        _notify(context)
    except Exception as error:
        # a callback that raises hides the failure it should report
        log.exception("The failure of %s could not be told: %s", context.get("run_id"), type(error).__name__)


def _notify(context: dict[str, Any]) -> None:
    from ofitec.ledger import open_ledger, task_errors
    from ofitec.notify import failure_message
    from ofitec.notify.redact import redact
    from ofitec.settings import settings

    dag_id, run_id = context["dag"].dag_id, str(context["run_id"])
    ledger = open_ledger()
    instance = context.get("ti")
    text, blocks = failure_message.build(
        dag_id,
        run_id,
        errors=[(e.label or e.task_id, e.error) for e in task_errors.of_run(ledger, dag_id, run_id)],
        task_id=str(instance.task_id) if instance else "",
        log_url=str(getattr(instance, "log_url", "") or ""),
        reason=redact(str(context.get("reason") or "")),
        runbook_url=settings().runbook_url,
    )
    _tell_once(ledger, f"failure/{dag_id}/{run_id}", dag_id, run_id, text, blocks)


def _tell_once(ledger: "Ledger", key: str, dag_id: str, run_id: str, text: str, blocks: list[dict[str, Any]]) -> None:
    from ofitec.notify.channels import tell
    from ofitec.notify.once import send_once

    send_once(ledger, key=key, kind="failure", dag_id=dag_id, run_id=run_id, send=lambda: tell(text, blocks))
