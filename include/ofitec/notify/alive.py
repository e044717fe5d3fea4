"""Tells a dead man's switch outside that each scheduled DAG runs: began, ended well, failed. Off without connection
`ping_default`. These callbacks never raise, and stand after those that tell people: a ping hides no message.

What is not told is the alarm: an Airflow, a machine or a network that is dead sends nothing, and the switch calls. So a
run that found nothing to do is a success here too. DAGs without a schedule are not watched: no time is too late for
them. What a person runs by hand sends no start, and a mistake in its form sends nothing: it is no failure of ours.
"""

import logging
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, UUID, uuid5

if TYPE_CHECKING:
    from ofitec.clients.pings import Signal

log = logging.getLogger(__name__)

CONNECTION = "ping_default"
_SCHEDULED = "programado"  # ofitec.dag.Tag.SCHEDULED, which imports this module


def on_begin(context: dict[str, Any]) -> None:
    """Task-level `on_execute_callback`: the first try of a run's first task is the run's beginning."""
    try:
        instance, run = context["ti"], context["dag_run"]
        if instance.try_number > 1 or context["task"].upstream_task_ids or _by_hand(run):
            return
        _send(context, "start")
    except Exception as error:  # noqa: BLE001  # the task has to run whatever is wrong here
        _told_nobody(context, error)


def on_success(context: dict[str, Any]) -> None:
    """DAG-level `on_success_callback`: it runs, whether or not there was something to do."""
    try:
        _send(context, "success")
    except Exception as error:  # noqa: BLE001
        _told_nobody(context, error)


def on_failure(context: dict[str, Any]) -> None:
    """DAG-level `on_failure_callback`: it failed, and not by what somebody typed."""
    from ofitec.notify.failure import only_mistyped

    try:
        if not only_mistyped(context):
            _send(context, "fail")
    except Exception as error:  # noqa: BLE001
        _told_nobody(context, error)


def slug(env: str, dag_id: str) -> str:
    """The check's name: an installation's own, so that a test system's life does not hide production's death."""
    return f"{env}-{dag_id}".lower()


def run_identity(dag_id: str, run_id: str) -> UUID:
    """What ties a run's signals together; the same in whatever process sends them."""
    return uuid5(NAMESPACE_URL, f"airflow:{dag_id}/{run_id}")


def _send(context: dict[str, Any], signal: "Signal") -> None:
    dag = context["dag"]
    if _SCHEDULED not in dag.tags:
        return
    from ofitec.clients.pings import ping
    from ofitec.connections import found
    from ofitec.settings import settings

    conn = found(CONNECTION)
    if conn is None:
        return
    ping(conn, slug(settings().env, dag.dag_id), signal, rid=run_identity(dag.dag_id, str(context["run_id"])))


def _by_hand(run: Any) -> bool:
    return str(getattr(run.run_type, "value", run.run_type)) == "manual"


def _told_nobody(context: dict[str, Any], error: Exception) -> None:
    from ofitec.errors import OfitecError

    # what is not ours may hold the address
    said = error if isinstance(error, OfitecError) else type(error).__name__
    log.warning("The dead man's switch was not told of %s: %s", context.get("run_id"), said)
