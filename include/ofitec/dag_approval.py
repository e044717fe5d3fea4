"""A person's yes or no: its task and its answer. Imported at parse time, so kept light.

A DAG that asks gives `approval()` the task whose answer holds the question, tells people with
`ofitec.notify.approval.ask`, and reads the answer with `answer`. A no, and no answer in time, end the run without a
failure and without a success: see `ofitec.notify.approval.rejected`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator, HITLOperator

TASK = "approve"
HOURS = 24  # that a question waits for its answer


class Approval(ApprovalOperator):
    """Airflow's approval with buttons in Spanish."""

    APPROVE = "Aprobar"
    REJECT = "Rechazar"

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Airflow skips what follows a no by an exception, and the answer would be lost with it: it is kept before."""
        given = HITLOperator.execute_complete(self, context, event)
        context["ti"].xcom_push(key="return_value", value=given)
        return super().execute_complete(context, event)


@dataclass(frozen=True)
class Answer:
    """What a person answered; `who` is "" if nobody did in time, which is a no."""

    approved: bool
    who: str
    at: datetime | None


def approval(asked_by: str = "plan") -> Approval:
    """The task that waits for a person, and takes silence for a no.

    :param asked_by: the task whose answer holds `question`: {"subject": one line, "body": Markdown}
    """
    question = f"(ti.xcom_pull('{asked_by}') or {{}})['question']"
    return Approval(
        task_id=TASK,
        task_display_name="Aprobar",
        subject=f"{{{{ {question}['subject'] }}}}",
        body=f"{{{{ {question}['body'] }}}}",
        response_timeout=timedelta(hours=HOURS),
        defaults=Approval.REJECT,
    )


def answer(ti: Any) -> Answer | None:
    """The answer in a run that asked; None while there is none, or if nobody was asked.

    :param ti: any task instance of the run
    """
    given = ti.xcom_pull(task_ids=TASK)
    if not given:
        return None
    user, at = given.get("responded_by_user") or {}, given.get("responded_at")
    return Answer(
        approved=Approval.APPROVE in given["chosen_options"],
        who=str(user.get("name") or user.get("id") or ""),
        at=datetime.fromisoformat(at) if isinstance(at, str) else at,
    )


def page(ti: Any) -> str:
    """Address of the page with the buttons.

    :param ti: any task instance of the run
    """
    return f"{ti.log_url.partition('/tasks/')[0]}/tasks/{TASK}/required_actions"
