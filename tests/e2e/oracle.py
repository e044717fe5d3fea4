"""The demo month's F29 worked out by hand from the list of documents: plain sums, without Odoo and its map."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from dev.stack.company import documents as demo
from dev.stack.company.company import USD_IN_PESOS
from dev.stack.company.documents import SALE, Document, Line

COMMON_USE = Decimal("0.6")
PPM_RATE = Decimal("0.25")
HONORARIOS = {2025: Decimal("14.5"), 2026: Decimal("15.25"), 2027: Decimal("16"), 2028: Decimal("17")}

_SALES = {"33": ("503", "502", 1), "39": ("110", "111", 1), "56": ("512", "513", 1), "61": ("509", "510", -1)}
_PURCHASES = {
    ("33", demo.IVA_PURCHASE): ("519", "520"),
    ("46", demo.IVA_PURCHASE): ("519", "520"),
    ("33", demo.COMMON_USE): ("519", "520"),
    ("61", demo.IVA_PURCHASE): ("527", "528"),
    ("56", demo.IVA_PURCHASE): ("531", "532"),
    ("914", demo.IVA_PURCHASE): ("534", "535"),
    ("33", demo.SUPERMARKET): ("761", "762"),
    ("33", demo.FIXED_ASSET): ("524", "525"),
}


def casillas(period: str) -> dict[str, int]:
    """Código to amount of the demo month's form, without the remanente of the month before (504) and the totals."""
    form: dict[str, int] = defaultdict(int)
    for document in demo.documents(period):
        if document.draft:
            continue
        if document.side == SALE:
            _sale(form, document)
        else:
            _purchase(form, document)
    form["62"] = _round(Decimal(form["563"]) * PPM_RATE / 100)
    return dict(form)


def _sale(form: dict[str, int], document: Document) -> None:
    taxed, exempt = _net(document, demo.IVA_SALE), _net(document)
    sign = -1 if document.kind == "61" else 1
    form["563"] += sign * (taxed + exempt)
    if document.kind in _SALES:
        count, amount, _ = _SALES[document.kind]
        form[count] += 1
        form[amount] += _iva(taxed)
        form["142"] += exempt
    elif document.kind == "34":
        form["586"] += 1
        form["142"] += exempt
    elif document.kind == "110":
        form["585"] += 1
        form["20"] += exempt


def _purchase(form: dict[str, int], document: Document) -> None:
    taxes = document.lines[0].taxes
    net = sum(line.quantity * line.price for line in document.lines)
    if document.kind == "34":
        form["584"] += 1
        form["562"] += net
    elif document.kind == "71":
        year = int(taxes[0].removeprefix("I_IR2C_"))
        form["151"] += _round(net * HONORARIOS[year] / 100)
    elif taxes[0] == demo.NO_CREDIT:
        form["564"] += 1
        form["521"] += net
    else:
        count, amount = _PURCHASES[document.kind, taxes[0]]
        form[count] += 1
        iva = _iva(net)
        form[amount] += _round(iva * COMMON_USE) if taxes[0] == demo.COMMON_USE else iva
        if demo.WITHHELD_ALL in taxes:
            form["39"] += iva


def _net(document: Document, *taxes: str) -> int:
    rate = USD_IN_PESOS if document.currency == "USD" else 1
    return rate * sum(line.quantity * line.price for line in _lines(document.lines, taxes))


def _lines(lines: Iterable[Line], taxes: tuple[str, ...]) -> list[Line]:
    return [line for line in lines if line.taxes == taxes]


def _iva(net: int) -> int:
    return _round(Decimal(net) * 19 / 100)


def _round(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))
