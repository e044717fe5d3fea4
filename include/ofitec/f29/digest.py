"""What a run for several companies has to tell, in one digest: made of the ledger, so that it holds whatever was tried
again. A run for one company tells by itself (`steps.announce`), with all that `message` says of it."""

from dataclasses import dataclass, field
from datetime import date, datetime

from ofitec import words
from ofitec.f29 import delivery, message, reminder, summary
from ofitec.f29.delivery import Change, News
from ofitec.f29.form import F29Form
from ofitec.ledger import Ledger, deliveries
from ofitec.ledger.tables import F29Delivery, RunTarget
from ofitec.notify import digest
from ofitec.notify.blocks import cut
from ofitec.notify.escape import Message, escape

_NAME = 80
_MOST_CHANGES = 3
_NEWS = {
    delivery.NEW: "nuevo",
    delivery.FILED_NOW: "declarado",
    delivery.UNFILED: "ya no figura como declarado",
    delivery.FIGURES: "cambió",
    delivery.DUE: "otro vencimiento",
    delivery.POINTS: "algo nuevo que revisar",
    delivery.AGAIN: "entregado de nuevo",
}
_WAITS = {
    "missing": ("código del mes pasado sin ingresar", "códigos del mes pasado sin ingresar"),
    "question": ("pregunta", "preguntas"),
    "warning": ("aviso", "avisos"),
    "late": ("documento después de declarar", "documentos después de declarar"),
}


@dataclass
class Digest:
    """`told`: ids of the deliveries that people know once the messages have left; `key`: the same for the same news."""

    messages: list[Message] = field(default_factory=list)
    told: list[int] = field(default_factory=list)
    key: str = ""


def is_for_several(found: list[RunTarget]) -> bool:
    """Whether a run looks after more than one company."""
    return len({_rut(target) for target in found if "/" in target.target}) > 1


def of_run(ledger: Ledger, found: list[RunTarget], *, today: date, morning: datetime, odoo_url: str = "") -> Digest:
    """What a run for several companies has to tell, nothing where all is as people know it.

    :param found: what the run set out to do
    :param today: the day in Santiago
    :param morning: its first moment: who was told since then is not reminded
    :param odoo_url: web address of Odoo, "" if unknown
    """
    months = [target for target in found if "/" in target.target]
    if not is_for_several(months):
        return Digest()
    rows = deliveries.newest_versions(ledger, [target.target for target in months])
    failed, fresh, due = [], list[F29Delivery](), list[F29Delivery]()
    for target in months:
        own = rows.get(target.target, [])
        news = [row for row in own if row.told_at is None and row.news and row.news["reasons"]]
        if target.reached_at is None:
            failed.append(target)
        elif news:
            fresh += news
        elif own and _is_due(ledger, own[-1], today, morning):
            due.append(own[-1])
    filed = {_version(row): row.filed_total for own in rows.values() for row in own}
    said = [(row, "falta declarar") for row in sorted(due, key=_name)]
    said += [(row, _news(row)) for row in sorted(fresh, key=_name)]
    entries = [failed_entry(target) for target in failed]
    entries += [_entry(_form(row, filed), row, what, today, odoo_url) for row, what in said]
    if not entries:
        return Digest()
    named = {_rut(target) for target in failed} | {row.rut for row in (*due, *fresh)}
    quiet = len({_rut(target) for target in months} - named)
    told = sorted(row.id for row in [*due, *fresh])
    lost = "+".join(target.target for target in failed)
    return Digest(
        messages=digest.build(title("F29 de", months, failed, len(due) + len(fresh)), entries, closing(quiet)),
        told=told,
        key=f"{today}/{'+'.join(map(str, told))}/{lost}",
    )


def _rut(target: RunTarget) -> str:
    """Whose month it is."""
    return target.target.partition("/")[0]


def _is_due(ledger: Ledger, row: F29Delivery, today: date, morning: datetime) -> bool:
    return reminder.is_due(_form(row, {}), today) and not deliveries.told_since(ledger, row.rut, row.period, morning)


def title(what: str, months: list[RunTarget], failed: list[RunTarget], told: int) -> str:
    """ "F29 de agosto de 2026: 3 novedades, 1 sin terminar, de 200 empresas"; `what`: "F29 de"."""
    newest = max(target.target.partition("/")[2] for target in months)
    count = len({_rut(target) for target in months})
    said = [f"{words.number(told)} {'novedad' if told == 1 else 'novedades'}"] if told else []
    said += [f"{len({_rut(target) for target in failed})} sin terminar"] if failed else []
    return f"{what} {words.month(newest)}: {', '.join(said)}, de {words.counted(count, 'empresa')}"


def closing(quiet: int) -> str:
    """How many companies are as people know them, "" for none."""
    if not quiet:
        return ""
    return "La otra sigue sin novedad." if quiet == 1 else f"Las otras {words.number(quiet)} siguen sin novedad."


def failed_entry(target: RunTarget) -> str:
    """A company that was not reached, by name."""
    label = escape(cut(target.label, _NAME))
    return (
        f"🔴 *{label}* · {words.rut(_rut(target))}\n"
        "No quedó lista: el porqué está en el registro de su rama y en el aviso de la ejecución."
    )


def _entry(form: F29Form, row: F29Delivery, what: str, today: date, odoo_url: str) -> str:
    overdue = form.due_date is not None and form.due_date < today and not form.is_filed
    mark = "🔴" if overdue else "🟢" if form.is_filed else "🟡"
    name = escape(cut(form.company, _NAME))
    if odoo_url:
        name = f"<{message.form_url(odoo_url, form.id)}|{name}>"
    version = f", rectificatoria (versión {form.version})" if form.version > 1 else ""
    label, when = message.when(form, today)
    status = summary.STATUSES.get(form.status, form.status)
    lines = [
        f"{mark} *{name}* · {words.rut(form.rut)} · {words.month(form.period)}{version}: *{what}*",
        f"{status} · {message.headline_of(form)} · {label.lower()} {when}",
        *_changed(News.model_validate(row.news or {}).changes),
        *_waiting(row.points or []),
    ]
    return "\n".join(lines)


def _changed(changes: list[Change]) -> list[str]:
    if not changes:
        return []
    shown = [f"{c.code}: {message.amount(c.code, c.before)} → {message.amount(c.code, c.after)}" for c in changes]
    more = f" y {len(shown) - _MOST_CHANGES} más" if len(shown) > _MOST_CHANGES else ""
    return [f"Códigos {'; '.join(shown[:_MOST_CHANGES])}{more}"]


def _waiting(points: list[str]) -> list[str]:
    """How many things on the form wait for a person, by kind."""
    kinds = [point.partition("/")[0] for point in points]
    counts = [(kinds.count(kind), names) for kind, names in _WAITS.items()]
    said = [f"{words.number(count)} {names[count > 1]}" for count, names in counts if count]
    return [f":warning: Por revisar: {', '.join(said)}"] if said else []


def _news(row: F29Delivery) -> str:
    return ", ".join(_NEWS.get(reason, reason) for reason in (row.news or {})["reasons"])


def _name(row: F29Delivery) -> tuple[str, str, int]:
    return row.company, row.period, row.version


def _version(row: F29Delivery) -> tuple[str, str, int]:
    return row.rut, row.period, row.version


def _form(row: F29Delivery, filed: dict[tuple[str, str, int], int | None]) -> F29Form:
    """The form as it was delivered, as far as the ledger knows it.

    :param filed: version to its total as filed: what a rectification differs from
    """
    names = (
        "period",
        "rut",
        "company",
        "status",
        "version",
        "casillas",
        "due_date",
        "folio",
        "filed_on",
        "filed_total",
    )
    before = filed.get((row.rut, row.period, row.version - 1))
    known = {name: getattr(row, name) for name in names}
    return F29Form.model_validate({"id": row.odoo_id, "previous_total": before, **known})
