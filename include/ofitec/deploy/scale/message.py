"""What people read of Odoo's number of processes, in Spanish: a proposal, a change, a return; of no change, nothing."""

from ofitec.deploy.scale.decision import Act, Decision, processes
from ofitec.notify.blocks import header, message, section
from ofitec.notify.escape import Message, escape


def proposed(decision: Decision, url: str) -> Message:
    """A number that would serve better, which nobody has set."""
    to, now = processes(decision.to), decision.workers
    title = (
        f"A Odoo le convienen {to} (tiene {now})"
        if decision.act is Act.GROW
        else f"A Odoo le bastan {to} (tiene {now})"
    )
    how = (
        "No se cambió nada. Para hacerlo sin interrupción, ejecute *Ajustar los procesos de Odoo* con *Aplicar ahora*; "
        "para que se haga solo, `OFITEC_SCALE=apply`."
    )
    return _message(f"🟡 {title}", [escape(decision.reason), how, f"<{url}|Ver en Airflow>"])


def changed(decision: Decision, minutes: int, url: str) -> Message:
    """It serves with another number.

    :param minutes: after which it is judged
    """
    if decision.act is Act.RETURN:
        title, then = f"↩️ Odoo volvió de {decision.workers} a {processes(decision.to)}", "Sin interrupción."
    else:
        title = f"✅ Odoo pasó de {decision.workers} a {processes(decision.to)}"
        then = f"Sin interrupción. Pasados {minutes} minutos se compara con lo de antes, y si resultó peor vuelve solo."
    return _message(title, [escape(decision.reason), then, f"<{url}|Ver en Airflow>"])


def _message(title: str, paragraphs: list[str]) -> Message:
    return message(f"{title}. {paragraphs[0]}", [header(title), *map(section, paragraphs)])
