"""A person's yes or no: its task and its answer. Imported at parse time, so kept light.

A DAG that asks gives `approval()` the task whose answer holds the question, tells people with
`ofitec.notify.approval.ask`, and reads the answer with `answer` and `agreed`. A no, and no answer in time, end the run
without a failure and without a success: see `ofitec.notify.approval.rejected`. A yes that does not count
(`ofitec.notify.four_eyes`) leaves the question open for somebody else.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk.exceptions import TaskAwaitingInput
from airflow.sdk.execution_time.hitl import upsert_hitl_detail

TASK = "approve"
HOURS = 24  # that a question waits for its answer
_KEY = "answer"


class Approval(ApprovalOperator):
    """Airflow's approval with Spanish buttons, which asks itself whose yes counts, and keeps who answered and when:
    Airflow's keeps nothing of a no, nor of an answer that was asked again.
    """

    APPROVE = "Aprobar"
    REJECT = "Rechazar"

    def execute(self, context: Any) -> Any:
        """Ask, if there is somebody whose yes would count."""
        from ofitec.notify import four_eyes

        rules, who = four_eyes.Rules.set(), requester(context["dag_run"])
        rules.require_someone(who, repeated=repeated(context["dag_run"]))
        approvers = rules.candidates(who)
        self.assigned_users = self._whom_airflow_lets([*approvers, who] if approvers else [])  # who asked may withdraw
        if may := rules.may(who):
            self.body = f"{self.body or ''}\n\n{may}"
        try:
            super().execute(context)
        except TaskAwaitingInput as parked:
            parked.kwargs = {"until": (datetime.now(UTC) + timedelta(hours=HOURS)).isoformat()}
            raise

    def execute_complete(self, context: Any, event: dict[str, Any], until: str = "") -> Any:
        """Called with the answer; a no skips what follows by an exception, so the answer is kept first.

        :param until: when silence becomes a no, ISO; "" for a question that an older release asked
        """
        if "error" in event:
            return super().execute_complete(context, event)
        from ofitec.notify import approval

        user, at = event.get("responded_by_user") or {}, event.get("responded_at")
        given = Answer(
            approved=self.APPROVE in event["chosen_options"],
            who=str(user.get("name") or user.get("id") or ""),
            at=at,
            clears=clears(context["dag_run"]),
        )
        limit = datetime.fromisoformat(until) if until else datetime.now(UTC) + timedelta(hours=HOURS)
        asked = approval.Asked(
            question=str(self.subject),
            requester=requester(context["dag_run"]),
            repeated=repeated(context["dag_run"]),
            page=page(context["ti"]),
            until=limit,
            dag_id=context["ti"].dag_id,
            run_id=context["ti"].run_id,
        )
        refusal = approval.judge(asked, approved=given.approved, who=given.who, at=given.at)
        if refusal:
            self.log.error("%s No se hizo nada: la pregunta sigue abierta para otra persona.", refusal)
            self._ask_again(context["ti"].id, limit)
        context["ti"].xcom_push(key=_KEY, value={**vars(given), "at": at.isoformat() if at else None})
        return super().execute_complete(context, event)

    def _ask_again(self, instance: Any, until: datetime) -> NoReturn:
        """Take the answer back and leave the worker; what was asked, and until when, stays."""
        upsert_hitl_detail(
            instance, list(self.options), self.subject, self.body, self.defaults, params=self.serialized_params
        )
        left = max(until - datetime.now(UTC), timedelta(seconds=1))
        raise TaskAwaitingInput(method_name="execute_complete", timeout=left, kwargs={"until": until.isoformat()})

    @staticmethod
    def _whom_airflow_lets(names: list[str]) -> Any:
        """The same rule for Airflow itself, where an account's id is its name. With FAB it is a number of Airflow's
        database, which no task can look up: there the role says who may answer, and this task whose yes counts."""
        from airflow.providers.common.compat.sdk import conf

        simple = str(conf.get("core", "auth_manager")).endswith(".SimpleAuthManager")
        return [{"id": name, "name": name} for name in names] if simple and names else None


@dataclass(frozen=True)
class Answer:
    """What a person answered; `who` is "" if nobody did in time, which is a no.

    `clears` is how often the run had been cleared by then.
    """

    approved: bool
    who: str
    at: datetime | None
    clears: int = 0


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
    at = datetime.fromisoformat(given["at"]) if given["at"] else None
    return Answer(given["approved"], given["who"], at, given.get("clears", 0))


def agreed(ti: Any, dag_run: Any) -> Answer | None:
    """The yes on which a task may act; None if there is none.

    Where whoever asks may not approve, a yes holds for the run it was given to, not for a repetition of which nobody
    knows who wanted it.
    """
    from ofitec.notify import four_eyes

    given = answer(ti)
    if given is None or not given.approved:
        return None
    if four_eyes.Rules.set().four_eyes and given.clears != clears(dag_run):
        return None
    return given


def without_yes(ti: Any) -> str:
    """Why a task does nothing for want of a yes, a sentence for its log."""
    given = answer(ti)
    if given is not None and given.approved:
        return (
            f"Lo que {given.who} aprobó fue la ejecución de antes de repetirla (Clear), y no se sabe quién pidió la "
            "repetición: ejecute el DAG de nuevo. No se cambió nada."
        )
    return "No se aprobó: no se cambió nada."


def require_someone(dag_run: Any) -> None:
    """Refuse a run in which no yes could count: the first thing in a task that plans what must be approved.

    :raises InputError: what to do instead
    """
    from ofitec.notify import four_eyes

    four_eyes.Rules.set().require_someone(requester(dag_run), repeated=repeated(dag_run))


def requester(dag_run: Any) -> str:
    """The account that triggered the run, "" if Airflow does not know it."""
    return getattr(dag_run, "triggering_user_name", None) or ""


def clears(dag_run: Any) -> int:
    """How often the run was cleared."""
    return int(getattr(dag_run, "clear_number", None) or 0)


def repeated(dag_run: Any) -> bool:
    """Whether the run was cleared, by nobody knows whom."""
    return clears(dag_run) > 0


def page(ti: Any) -> str:
    """Address of the page with the buttons.

    :param ti: any task instance of the run
    """
    return f"{ti.log_url.partition('/tasks/')[0]}/tasks/{TASK}/required_actions"
