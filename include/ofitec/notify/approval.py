"""What people are told when something waits for a yes, and when the answer was no. In Spanish, by Slack or e-mail.

A run whose question was answered with no ends in Airflow as a success, for nothing failed; but it has done nothing, so
it closes no alarm: `was_rejected` tells it apart (the ledger's notification of kind "rejected" with the run's id).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

from sqlalchemy import select

from ofitec import words
from ofitec.ledger import Ledger
from ofitec.ledger.tables import Notification
from ofitec.notify.blocks import Block, context, facts, header, message, section
from ofitec.notify.escape import Message, escape
from ofitec.notify.once import tell_once

KIND = "rejected"


def asked(
    title: str, known: Sequence[tuple[str, str]], paragraphs: Sequence[str], *, page: str, until: datetime, zone: tzinfo
) -> Message:
    """The message of a question that waits.

    :param title: e.g. "Despliegue de Odoo por aprobar"
    :param known: facts, (label, mrkdwn), shown in two columns, ten at most
    :param paragraphs: mrkdwn; what will happen to whom and when
    :param page: address of the page with the buttons
    :param until: when silence becomes a no
    """
    limit = f"Sin respuesta hasta el {words.moment(until, zone)}, no se hace."
    blocks: list[Block] = [header(f"🟡 {title}"), *map(section, paragraphs)]
    blocks += [facts(known)] if known else []
    blocks += [section(f"<{page}|Ver y responder en Airflow>"), context(limit)]
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
