"""A person's yes or no: its task and its answer. Imported at parse time, so kept light.

A DAG that asks gives `approval()` the task whose answer holds the question, tells people with
`ofitec.notify.approval.ask`, and reads the answer with `answer`. A no, and no answer in time, end the run without a
failure and without a success: see `ofitec.notify.approval.rejected`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator

TASK = "approve"
HOURS = 24  # that a question waits for its answer


_KEY = "answer"


class Approval(ApprovalOperator):
    """Airflow's approval with Spanish buttons, which keeps who answered and when: Airflow's keeps nothing of a no."""

    APPROVE = "Aprobar"
    REJECT = "Rechazar"

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Called with the answer; a no skips what follows by an exception, so the answer is kept first."""
        if "error" not in event:
            user, at = event.get("responded_by_user") or {}, event.get("responded_at")
            given = {
                "approved": self.APPROVE in event["chosen_options"],
                "who": str(user.get("name") or user.get("id") or ""),
                "at": at.isoformat() if at else None,
            }
            context["ti"].xcom_push(key=_KEY, value=given)
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
    given = ti.xcom_pull(task_ids=TASK, key=_KEY)
    if not given:
        return None
    return Answer(given["approved"], given["who"], datetime.fromisoformat(given["at"]) if given["at"] else None)


def page(ti: Any) -> str:
    """Address of the page with the buttons.

    :param ti: any task instance of the run
    """
    return f"{ti.log_url.partition('/tasks/')[0]}/tasks/{TASK}/required_actions"
