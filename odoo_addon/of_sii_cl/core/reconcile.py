"""What the SII's register and Odoo say differently, in Spanish: no Odoo in here."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import TypedDict

from .codes import MAY_BE_NEGATIVE, amount_text, codes
from .pesos import pesos

DAYS_TO_CLAIM = 8  # calendar days from reception, art. 3 Ley 19.983 (SII FAQ 6914)
KINDS = {
    "amount": ("1 documento con otro monto", "{} documentos con otro monto"),
    "only_sii": ("1 documento solo en el SII", "{} documentos solo en el SII"),
    "only_odoo": ("1 documento solo en Odoo", "{} documentos solo en Odoo"),
    "other_period": ("1 documento de otro mes", "{} documentos de otro mes"),
}
SECTIONS = {
    "sales": "ventas",
    "purchases": "compras (registro)",
    "summary": "resumen de ventas",
    "honorarios": "honorarios recibidos",
}
CLASSES = {"fixed": "activo fijo", "lost": "IVA sin crédito", "common": "IVA de uso común", "market": "supermercado"}
_MOST_CODES = 12


class Difference(TypedDict):
    """A document on which the two sides differ. ``odoo``, ``sii``: its total in whole pesos, None where it is not."""

    kind: str
    direction: str
    type: str
    rut: str
    folio: str
    name: str
    date: str
    odoo: int | None
    sii: int | None
    cause: str
    move_id: int | None
    line_id: int | None


class Found(TypedDict, total=False):
    """What the one statement knows of a document that differs, see ``models/rcv_match.py``.

    ``here_odoo``, ``here_sii``: it is in the month's documents, in the month's register. Where it is not,
    ``odoo_state`` and ``odoo_period`` say where Odoo has it, ``sii_section`` and ``sii_period`` where the SII has it.
    """

    direction: str
    type: str
    rut: str
    folio: str
    name: str
    date: date | None
    move_id: int | None
    line_id: int | None
    odoo_total: int | None
    sii_total: int | None
    odoo_iva: int
    sii_iva: int
    classes: Mapping[str, tuple[int, int]]
    here_odoo: bool
    here_sii: bool
    twice: bool
    odoo_state: str | None
    odoo_period: str | None
    sii_section: str | None
    sii_period: str | None
    sii_received: date | None
    late_note: bool


def difference(found: Found, period: str, today: date) -> Difference:
    """Name the kind and the cause of a difference in the month ``period``; by ``today`` what can still be claimed."""
    kind, cause = _judged(found, period, today)
    if found["late_note"]:
        cause += (
            " Es una nota de crédito de más de tres meses después de su factura: si es por devolución no rebaja el "
            "débito (art. 70 D.L. 825)."
        )
    return Difference(
        kind=kind,
        direction=found["direction"],
        type=found["type"],
        rut=found["rut"],
        folio=found["folio"],
        name=found["name"],
        date=day.isoformat() if (day := found["date"]) else "",
        odoo=found["odoo_total"] if kind != "only_sii" else None,
        sii=found["sii_total"] if kind != "only_odoo" else None,
        cause=cause,
        move_id=found["move_id"],
        line_id=found["line_id"],
    )


def _judged(found: Found, period: str, today: date) -> tuple[str, str]:
    if found["twice"]:
        return "only_odoo", "Está dos veces en Odoo y una en el SII: elimine una."
    if found["here_odoo"] and found["here_sii"]:
        return "amount", _other_amounts(found)
    if found["here_sii"]:
        return _not_in_odoo_this_month(found, period)
    return _not_in_register_this_month(found, today)


def _other_amounts(found: Found) -> str:
    said = []
    if found["odoo_total"] != found["sii_total"]:
        said.append(f"Total: Odoo {pesos(found['odoo_total'] or 0)}, SII {pesos(found['sii_total'] or 0)}.")
    if found["odoo_iva"] != found["sii_iva"]:
        said.append(f"IVA: Odoo {pesos(found['odoo_iva'])}, SII {pesos(found['sii_iva'])}.")
    for name, (odoo, sii) in found["classes"].items():
        if odoo != sii and name == "market":
            said.append(f"Supermercado: {'Odoo sí, SII no' if odoo else 'Odoo no, SII sí'}.")
        elif odoo != sii:
            said.append(f"{CLASSES[name].capitalize()}: Odoo {pesos(odoo)}, SII {pesos(sii)}.")
    return " ".join(said)


def _not_in_odoo_this_month(found: Found, period: str) -> tuple[str, str]:
    state = found["odoo_state"]
    if state == "posted" and found["odoo_period"] == period:
        return "only_sii", "Está en Odoo y no en este F29: se publicó o cambió después de aprobarlo."
    if state == "posted":
        return "other_period", f"En Odoo está en {found['odoo_period']}."
    if state == "draft":
        return "only_sii", "En Odoo está en borrador: publíquelo."
    if state == "cancel":
        return "only_sii", "En Odoo está anulado y el SII lo tiene vigente."
    return "only_sii", "No está en Odoo."


def _not_in_register_this_month(found: Found, today: date) -> tuple[str, str]:
    section, month = found["sii_section"], found["sii_period"]
    if section in ("sales", "purchases", "honorarios"):
        return "other_period", f"El SII lo tiene en {month}."
    if section == "pending":
        return (
            "only_odoo",
            f"En el SII está pendiente{_days_left(found['sii_received'], today)}: aún no es de este mes.",
        )
    if section == "claimed":
        return "only_odoo", "En el SII está reclamado: no da crédito."
    if section == "not_included":
        return "only_odoo", "En el SII está en «No incluir»: no da crédito."
    if found["type"] == "914":
        return "only_odoo", "El SII no la tiene: una DIN se agrega a mano al registro de compras."
    return "only_odoo", "El SII no lo tiene."


def _days_left(received: date | None, today: date) -> str:
    if received is None:
        return ""
    left = (received + timedelta(days=DAYS_TO_CLAIM) - today).days
    if left < 0:
        return ", con el plazo de reclamo vencido"
    return f" (queda {left} día para reclamar)" if left == 1 else f" (quedan {left} días para reclamar)"


def differing_codes(
    odoo: Mapping[int, int], rcv: Mapping[int, int], compared: Iterable[int]
) -> dict[int, tuple[int, int]]:
    """Código -> (Odoo, register) of each that is compared and not zero on both sides, in the form's own order.

    What the form cannot say, a negative amount, is 0 on either side, as the form makes it.
    """
    place = {code: known.sequence for code, known in codes().items()}
    pairs = {
        code: (as_the_form_says(code, odoo.get(code, 0)), as_the_form_says(code, rcv.get(code, 0)))
        for code in sorted(compared, key=lambda code: place[code])
    }
    return {code: pair for code, pair in pairs.items() if any(pair)}


def as_the_form_says(code: int, amount: int) -> int:
    """The amount of a código, 0 for a negative one where the form admits none."""
    return amount if code in MAY_BE_NEGATIVE else max(amount, 0)


def certificate(
    equal: int,
    differences: Sequence[Difference],
    matched: Mapping[int, tuple[int, int]],
    form: Mapping[int, tuple[int, int]] | None,
    missing: Sequence[str],
    refused: int,
) -> tuple[bool, str]:
    """Whether Odoo, the register and the form say the same, and the text that says so or exactly what does not.

    ``matched``: código -> (Odoo, register); ``form``: código -> (form, Odoo) where they differ, None without a form;
    ``missing``: sections that are not loaded; ``refused``: lines of the loaded ones that were not read.
    """
    open_points = []
    if missing:
        open_points.append(f"Falta cargar: {', '.join(SECTIONS[section] for section in missing)}.")
    if refused:
        open_points.append(f"{refused} líneas del registro no se leyeron: vea sus motivos en el registro.")
    counts = Counter(row["kind"] for row in differences)
    for kind, (one, many) in KINDS.items():
        if counts[kind]:
            open_points.append((one if counts[kind] == 1 else many).format(counts[kind]) + ".")
    wrong = {code: pair for code, pair in matched.items() if pair[0] != pair[1]}
    if wrong:
        open_points.append(f"Códigos que difieren: {_listed(wrong, 'Odoo', 'SII')}.")
    if form is None:
        open_points.append("El F29 del mes no está calculado.")
    elif form:
        open_points.append(f"El formulario no dice lo que dan los asientos: {_listed(form, 'F29', 'Odoo')}; recalcule.")
    if open_points:
        return False, "No certificado:\n" + "\n".join(f"• {point}" for point in open_points)
    documents = "1 documento igual" if equal == 1 else f"{equal} documentos iguales"
    return True, f"Certificado: Odoo = registro del SII = formulario ({documents}, {len(matched)} códigos)."


def _listed(pairs: Mapping[int, tuple[int, int]], left: str, right: str) -> str:
    shown = [
        f"{code} ({left} {amount_text(code, one)}, {right} {amount_text(code, other)})"
        for code, (one, other) in list(pairs.items())[:_MOST_CODES]
    ]
    rest = len(pairs) - _MOST_CODES
    return ", ".join(shown) + (f" y {rest} más" if rest > 0 else "")
