"""What people are told when something waits for a yes, and what was answered. In Spanish, by Slack or e-mail.

Each answer is judged by `ofitec.notify.four_eyes` and kept in the ledger, one that does not count, too.

A run whose question was answered with no ends in Airflow as a success, for nothing failed; but it has done nothing, so
it closes no alarm: `was_rejected` tells it apart (the ledger's notification of kind "rejected" with the run's id).
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from sqlalchemy import select

from ofitec import words
from ofitec.errors import InputError, OfitecError
from ofitec.ledger import Ledger, approvals, open_ledger
from ofitec.ledger.tables import Notification
from ofitec.notify import four_eyes
from ofitec.notify.blocks import Block, context, facts, header, message, section
from ofitec.notify.escape import Message, escape
from ofitec.notify.once import tell_once
from ofitec.settings import settings

log = logging.getLogger(__name__)

KIND = "rejected"


@dataclass(frozen=True)
class Asked:
    """A question that waits, and who asked it.

    :param question: one line
    :param requester: the account that triggered the run, "" if Airflow does not know it
    :param repeated: whether the run was cleared
    :param page: address of the page with the buttons
    :param until: when silence becomes a no
    """

    question: str
    requester: str
    repeated: bool
    page: str
    until: datetime
    dag_id: str
    run_id: str


def judge(asked: Asked, *, approved: bool, who: str, at: datetime | None) -> str:
    """Keep an answer in the ledger, tell a yes, and say whether it counts.

    A no is told where the run ends (`rejected`).

    :param who: the account that answered, "" for silence
    :return: why it does not count, a sentence; "" if it does
    """
    moment, refusal = at or datetime.now(UTC), _refusal(asked, who) if approved else ""
    if refusal:
        answer = approvals.REFUSED
    elif approved:
        answer = approvals.APPROVED
    else:
        answer = approvals.REJECTED if who else approvals.SILENCE
    ledger = open_ledger()
    approvals.record(
        ledger, dag_id=asked.dag_id, run_id=asked.run_id, question=asked.question, requested_by=asked.requester or None,
        answer=answer, answered_by=who or None, answered_at=moment, reason=refusal or None,
    )  # fmt: skip
    if approved:
        told = answered(asked, who=who, at=moment, refusal=refusal, zone=settings().zone)
        key = f"approval/{asked.dag_id}/{asked.run_id}/{moment:%Y%m%dT%H%M%S%f}"
        try:
            tell_once(ledger, told, key=key, kind="approval", dag_id=asked.dag_id, run_id=asked.run_id)
        except OfitecError as error:
            log.warning("The answer stands and will be told later: %s", error)  # nobody should be asked twice for that
    return refusal


def _refusal(asked: Asked, who: str) -> str:
    rules = four_eyes.Rules.set()
    try:
        rules.require_someone(asked.requester, repeated=asked.repeated)
    except InputError as error:  # it was asked before the setting was made, or cleared while it waited
        return str(error)
    return rules.refusal(who, asked.requester)


def answered(asked: Asked, *, who: str, at: datetime, refusal: str, zone: tzinfo) -> Message:
    """A yes: who gave it and when; or why it does not count."""
    when = words.moment(at, zone)
    if not refusal:
        said = f"Lo aprobó {escape(who)} el {when}."
        blocks = [header("🟢 Aprobado"), section(f"*{escape(asked.question)}*\n{said}")]
        return message(f"Aprobado. {asked.question} {said}", blocks)
    title = f"La aprobación de {who or 'alguien'} no vale"
    limit = f"Sin otra respuesta hasta el {words.moment(asked.until, zone)}, no se hace."
    said = f"{refusal} Respondió el {when}. No se hizo nada, y la pregunta sigue abierta para otra persona."
    blocks = [
        header(f"⛔ {title}"),
        section(f"*{escape(asked.question)}*\n{escape(said)}"),
        section(f"<{asked.page}|Ver y responder en Airflow>"),
        context(limit),
    ]
    return message(f"{title}. {said} {limit}", blocks)


def asked(
    title: str,
    known: Sequence[tuple[str, str]],
    paragraphs: Sequence[str],
    *,
    page: str,
    until: datetime,
    zone: tzinfo,
    may: str = "",
) -> Message:
    """The message of a question that waits.

    :param title: e.g. "Despliegue de Odoo por aprobar"
    :param known: facts, (label, mrkdwn), shown in two columns, ten at most
    :param paragraphs: mrkdwn; what will happen to whom and when
    :param page: address of the page with the buttons
    :param until: when silence becomes a no
    :param may: who may approve, a sentence (`four_eyes.Rules.may`)
    """
    limit = f"Sin respuesta hasta el {words.moment(until, zone)}, no se hace."
    blocks: list[Block] = [header(f"🟡 {title}"), *map(section, paragraphs)]
    blocks += [facts(known)] if known else []
    blocks += [section(f"<{page}|Ver y responder en Airflow>")]
    blocks += [context(f"{escape(may)} {limit}".strip())]
    return message(f"{title}. {limit}", blocks)


def rejected(
    ledger: Ledger,
    title: str,
    *,
    who: str,
    at: datetime | None,
    hours: int,
    dag_id: str,
    run_id: str,
    url: str,
    zone: tzinfo,
) -> bool:
    """Tell once that the answer was no, and mark the run as one that did nothing.

    :param title: what is not done, e.g. "El despliegue de Odoo no se hace"
    :param who: who said no; "" if nobody answered in `hours`
    :param url: address of the run, "" if there is none
    """
    when = f" el {words.moment(at, zone)}" if at else ""
    answer = f"Lo rechazó {escape(who)}{when}." if who else f"Nadie respondió en {hours} horas."
    blocks = [header(f"⚪ {title}"), section(f"{answer} No se cambió nada.")]
    blocks += [section(f"<{url}|Ver en Airflow>")] if url else []
    told = message(f"{title}. {answer} No se cambió nada.", blocks)
    moment = f"/{at:%Y%m%dT%H%M%S}" if at else ""
    return tell_once(ledger, told, key=_key(dag_id, run_id) + moment, kind=KIND, dag_id=dag_id, run_id=run_id)


def was_rejected(ledger: Ledger, dag_id: str, run_id: str, *, since: datetime | None = None) -> bool:
    """Whether a person, or silence, said no to this run; it then closes no alarm.

    :param since: when the run began last, if it is known: a no from before it was cleared says nothing of it now
    """
    query = select(Notification.id).where(
        Notification.kind == KIND, Notification.dag_id == dag_id, Notification.run_id == run_id
    )
    if since is not None:
        query = query.where(Notification.made_at >= since - timedelta(minutes=1))
    with ledger.transaction() as session:
        return session.scalar(query.limit(1)) is not None


def _key(dag_id: str, run_id: str) -> str:
    return f"rejected/{dag_id}/{run_id}"
