"""Tells, before it is needed and once, which UTM is missing in Odoo for the credit that companies carry over (504)."""

from typing import Any, Protocol
from urllib.parse import urlencode

from ofitec import words
from ofitec.f29.form import Company
from ofitec.f29.period import Period
from ofitec.notify.blocks import header, message, section
from ofitec.notify.escape import Message, escape

_MOST_NAMES = 12


class Odoo(Protocol):
    """What this module needs of the Odoo client."""

    def call(self, model: str, method: str, *args: object) -> Any: ...


def missing(odoo: Odoo, companies: list[Company], month: Period) -> dict[str, list[str]]:
    """Month without a UTM ("2026-12") to the names of the companies whose form of `month` or the next needs it."""
    names = {company.id: company.name for company in companies if not company.refusal}
    answer = odoo.call("of.sii.f29", "missing_utm", sorted(names), str(month))
    return {str(one): [names[number] for number in numbers] for one, numbers in sorted(answer.items())}


def build(lacking: dict[str, list[str]], *, odoo_url: str = "") -> Message:
    """Plain text and Block Kit blocks.

    :param lacking: as `missing` gives it, not empty
    :param odoo_url: web address of Odoo, "" if unknown
    """
    months = " y ".join(words.month(month) for month in lacking)
    names = sorted({name for group in lacking.values() for name in group})
    listed = ", ".join(escape(name) for name in names[:_MOST_NAMES])
    if len(names) > _MOST_NAMES:
        listed += f" y {len(names) - _MOST_NAMES} empresas más"
    title = f"Falta la UTM de {months}"
    where = "Impuestos SII > Cargar la UTM"
    if odoo_url:
        where = f"<{odoo_url}/web#{urlencode({'action': 'of_sii_cl.utm_load_action'})}|{where}>"
    blocks = [
        header(f"🟡 {title}"),
        section(f"Con ella se reajusta el remanente (código 504) de {listed}: sin ella quedaría sin reajuste."),
        section(
            f"*Qué hacer*: copie la tabla del año de sii.cl (Valores y fechas, UTM) y péguela en Odoo, en {where}. Un "
            "F29 ya calculado se corrige al recalcularlo."
        ),
    ]
    return message(f"{title} para el remanente de {len(names)} {'empresa' if len(names) == 1 else 'empresas'}.", blocks)
