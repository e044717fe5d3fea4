"""What a run for several companies has to tell of the SII's register, in one digest. It names no counterpart."""

from urllib.parse import urlencode

from ofitec import words
from ofitec.f29 import digest as f29
from ofitec.f29.digest import Digest
from ofitec.f29.rcv import message
from ofitec.f29.rcv.outcome import Outcome
from ofitec.ledger import Ledger, rcv
from ofitec.ledger.rcv_tables import RcvReconciliation
from ofitec.ledger.tables import RunTarget
from ofitec.notify import digest
from ofitec.notify.blocks import cut
from ofitec.notify.escape import escape

_NAME = 80
_REASON = 200
_MOST_FILES = 3


def of_run(ledger: Ledger, found: list[RunTarget], *, odoo_url: str = "") -> Digest:
    """What is new and who failed; nothing where all is as people know it.

    :param found: what the run set out to do
    :param odoo_url: web address of Odoo, "" if unknown
    """
    months = [target for target in found if "/" in target.target]
    if not f29.is_for_several(months):
        return Digest()
    ruts = {target.target.partition("/")[0] for target in months}
    failed = [target for target in months if target.reached_at is None]
    rows = rcv.untold(ledger, ruts)
    entries = [f29.failed_entry(target) for target in failed] + [_entry(row) for row in rows]
    if not entries:
        return Digest()
    quiet = len(ruts - {row.rut for row in rows} - {target.target.partition("/")[0] for target in failed})
    closing = [f29.closing(quiet)] if quiet else []
    if odoo_url:
        where = f"{odoo_url}/web#{urlencode({'action': 'of_sii_cl.f29_action'})}"
        closing.append(f"Los documentos, en la pestaña Conciliación de cada formulario: <{where}|Abrir Odoo>")
    title = f29.title("Registro del SII de", months, failed, len(rows))
    told = [row.id for row in rows]
    lost = "+".join(target.target for target in failed)
    return Digest(digest.build(title, entries, " ".join(closing)), told, f"{'+'.join(map(str, told))}/{lost}")


def _entry(row: RcvReconciliation) -> str:
    outcome = Outcome.model_validate(row.outcome)
    mark = "🟢" if outcome.certified and not outcome.rejected else "🟡"
    lines = [
        f"{mark} *{escape(cut(row.company, _NAME))}* · {words.rut(row.rut)} · {words.month(row.period)}: "
        f"*{message.title_of(outcome)}*",
        escape(message.headline(outcome)),
    ]
    if outcome.rejected:
        names = [f"{cut(one.file, _NAME)}: {cut(one.reason, _REASON)}" for one in outcome.rejected[:_MOST_FILES]]
        more = f" Y {len(outcome.rejected) - _MOST_FILES} más." if len(outcome.rejected) > _MOST_FILES else ""
        lines.append(f":warning: No se cargaron: {escape(' · '.join(names))}{more}")
    unread = sum(len(register.refused) for register in outcome.registers)
    if unread:
        lines.append(f":warning: {words.number(unread)} {'línea no leída' if unread == 1 else 'líneas no leídas'}")
    return "\n".join(lines)
