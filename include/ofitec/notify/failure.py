"""The callbacks of every DAG: tell people, in Spanish, what failed and what to do next. They never raise.

Two things are not announced to everybody: the same failure a second time, and a mistake in what somebody typed into
the form of a run (`InputError` in a run triggered by hand): that is answered where it was typed, in the task's log.
"""

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ofitec.ledger.tables import TaskError

log = logging.getLogger(__name__)

_BY_HAND = "manual"  # Airflow's run type of a run that a person, or a program in a person's name, triggered


def remember_error(context: dict[str, Any]) -> None:
    """Task-level `on_failure_callback`: keeps what the task said, for the DAG-level callback sees no exception.

    A task that did several things says what each of them said. Runs in the task's own process; a task that is killed
    says nothing, and the message goes out without it.
    """
    try:
        from ofitec.errors import Several
        from ofitec.ledger import open_ledger, task_errors

        error, label = context.get("exception"), str(getattr(context["ti"], "rendered_map_index", None) or "")
        ledger = open_ledger()
        for name, each in error.failures if isinstance(error, Several) else [(label, error)]:
            task_errors.remember(ledger, _said(context, name, each))
    except Exception as error:  # noqa: BLE001  # a callback must not add a failure of its own
        log.warning("The task's error could not be kept for the message: %s", type(error).__name__)


def _said(context: dict[str, Any], label: str, error: object) -> "TaskError":
    from ofitec.ledger.tables import TaskError
    from ofitec.notify.redact import redact

    instance, reason = context["ti"], redact(str(error or "")).strip()[:2000]
    typed = _typed(context, error)
    if typed:
        log.error("Revise lo que escribió al ejecutar a mano: %s\nNo se cambió nada y no se avisó a nadie.", reason)
    return TaskError(
        dag_id=instance.dag_id,
        run_id=instance.run_id,
        task_id=instance.task_id,
        label=label,
        error=reason,
        clear_number=_clear_number(context) or 0,
        typed=typed,
    )


def on_failure(context: dict[str, Any]) -> None:
    """DAG-level `on_failure_callback`: one message for each failure of a run, also of one that was cleared.

    Airflow may call it twice, or without task and exception (a killed worker): the ledger makes it one message. If the
    ledger is down it is told all the same.

    :param context: Airflow's callback context; only `dag`, `run_id`, `reason` are sure to be there
    """
    try:
        _notify(context)
    except Exception as error:
        # a callback that raises hides the failure it should report
        log.exception("The failure of %s could not be told: %s", context.get("run_id"), type(error).__name__)


def only_mistyped(context: dict[str, Any]) -> bool:
    """Whether all that failed is what somebody typed into the form: answered in the log, told to nobody else.

    :param context: as of `on_failure`
    """
    return _mistyped(_errors(context["dag"].dag_id, str(context["run_id"]), _clear_number(context)))


def _mistyped(errors: "list[TaskError]") -> bool:
    return bool(errors) and all(error.typed for error in errors)


def _notify(context: dict[str, Any]) -> None:
    from ofitec.notify import failure_message
    from ofitec.notify.once import tell_surely
    from ofitec.notify.redact import redact
    from ofitec.settings import settings

    dag_id, run_id = context["dag"].dag_id, str(context["run_id"])
    errors = _errors(dag_id, run_id, _clear_number(context))
    if _mistyped(errors):
        log.info("Run %s failed by a mistake in what was typed: answered in its log, told to nobody else.", run_id)
        return
    _note_target(context)
    instance = context.get("ti")
    message = failure_message.build(
        dag_id,
        run_id,
        errors=[(e.label or e.task_id, e.error) for e in errors],
        task_id=str(instance.task_id) if instance else "",
        log_url=str(getattr(instance, "log_url", "") or ""),
        reason=redact(str(context.get("reason") or "")),
        runbook_url=settings().runbook_url,
    )
    key = f"failure/{dag_id}/{run_id}/{_occasion(context, errors)}"
    tell_surely(message, key=key, kind="failure", dag_id=dag_id, run_id=run_id)


def _errors(dag_id: str, run_id: str, clear_number: int | None) -> "list[TaskError]":
    """What the tasks said; nothing if the ledger cannot say."""
    from sqlalchemy.exc import SQLAlchemyError

    from ofitec.errors import OfitecError
    from ofitec.ledger import open_ledger, task_errors

    try:
        return task_errors.of_run(open_ledger(), dag_id, run_id, clear_number)
    except (OfitecError, SQLAlchemyError) as error:
        log.warning("The message goes out without what the tasks said: %s", error)
        return []


def _note_target(context: dict[str, Any]) -> None:
    """Keep what the run was about, so that just that closes the failure; nothing if the ledger is down."""
    from sqlalchemy.exc import SQLAlchemyError

    from ofitec.errors import OfitecError
    from ofitec.ledger import open_ledger
    from ofitec.notify import target

    try:
        target.note(open_ledger(), context, well=False)
    except (OfitecError, SQLAlchemyError) as error:
        log.warning("What the failed run was about could not be kept: %s", error)


def _typed(context: dict[str, Any], error: object) -> bool:
    from ofitec.errors import InputError

    run_type = getattr(context.get("dag_run"), "run_type", "")
    return isinstance(error, InputError) and str(getattr(run_type, "value", run_type)) == _BY_HAND


def _clear_number(context: dict[str, Any]) -> int | None:
    """How often the run was cleared: a run that fails again after that is another failure. None if unknown."""
    number = getattr(context.get("dag_run"), "clear_number", None)
    return None if number is None else int(number)


def _occasion(context: dict[str, Any], errors: "list[TaskError]") -> str:
    """What tells one failure of a run from the next, the same in every call for it."""
    number = _clear_number(context)
    if number is not None:
        return str(number)
    # Airflow gave no run: then by what the tasks said last, else by the hour; twice is better than never
    return f"after-{errors[-1].id}" if errors else f"{datetime.now(UTC):%Y%m%dT%H}"
