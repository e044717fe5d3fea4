"""What the form answers to a person who approves, files or undoes, in Spanish: no Odoo in here."""

import re
from collections.abc import Mapping
from datetime import date

from .codes import amount_text
from .period import month_bounds
from .pesos import pesos


def change_lines(old: Mapping[int, int], new: Mapping[int, int]) -> list[str]:
    """``Código 502: $190.000 → $285.000`` for each código whose amount differs; an absent código is 0."""
    return [
        f"Código {code}: {amount_text(code, old.get(code, 0))} → {amount_text(code, new.get(code, 0))}"
        for code in sorted({*old, *new})
        if old.get(code, 0) != new.get(code, 0)
    ]


def folio_error(folio: str) -> str | None:
    """Why this is no folio of a filed F29 (código 07), or None."""
    if re.fullmatch(r"[0-9]{1,15}", folio):
        return None
    return f"El folio «{folio}» no es válido: copie el número del certificado del SII, solo dígitos."


def filed_on_error(period: str, filed_on: date, today: date) -> str | None:
    """Why a period cannot have been filed on that day, or None."""
    begin = month_bounds(period)[1]
    if begin <= filed_on <= today:
        return None
    return (
        f"El F29 de {period} no pudo declararse el {filed_on:%d-%m-%Y}: "
        f"la fecha va del {begin:%d-%m-%Y} a hoy ({today:%d-%m-%Y})."
    )


def unexplained(code: int, computed: int, filed: int, reason: str) -> str | None:
    """Why a filed figure may not differ from the form's without a reason, or None."""
    if filed == computed or reason.strip():
        return None
    return (
        f"El código {code} calculado es {pesos(computed)} y lo declarado {pesos(filed)}: "
        "indique el motivo de la diferencia, o recalcule y apruebe antes de declarar."
    )


def too_late_to_undo(period: str, step: str) -> str:
    """Why a step (``declarado``, ``pagado``) of an earlier day is not undone."""
    what = "use «Rectificar»" if step == "declarado" else "corrija el pago en la contabilidad"
    return f"El F29 de {period} se marcó como {step} otro día y ya no se deshace: {what}."


def sealed(folio: str, documents: int, before: date | None, lock: date | None) -> str:
    """Chatter line of a filing: its folio, how many documents were sealed, and what became of the tax lock date."""
    if lock is None:
        locked = "La empresa no bloquea los impuestos del mes."
    elif lock == before:
        locked = f"Los impuestos siguen bloqueados hasta el {lock:%d-%m-%Y}."
    else:
        was = f"antes {before:%d-%m-%Y}" if before else "antes sin bloqueo"
        locked = f"Impuestos bloqueados hasta el {lock:%d-%m-%Y} ({was})."
    return f"Declarado con folio {folio}: {documents} documentos sellados. {locked}"
