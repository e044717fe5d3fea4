"""The demo company's month as the SII's register (RCV) has it: the files that sii.cl gives, made from the documents.

Plain sums from what `documents` lists, without Odoo. Every document agrees with Odoo's, but for what the caller plants.
"""

from collections.abc import Iterable
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from dev.stack.company import documents as demo
from dev.stack.company.company import RUT, USD_IN_PESOS
from dev.stack.company.documents import PARTNERS, SALE, Document

# one download of each section; of these only the first line, the SII's columns, is used here
SAMPLES = Path(__file__).parents[3] / "odoo_addon" / "of_sii_cl" / "tests" / "rcv"
NAMES = {
    "sales": "RCV_VENTA_{}_{}.csv",
    "purchases": "RCV_COMPRA_REGISTRO_{}_{}.csv",
    "summary": "RCV_RESUMEN_VENTA_{}_{}.csv",
    "honorarios": "BHE_RECIBIDAS_{}_{}.csv",
}
# percent that is withheld from honorarios (Ley 21.133)
_WITHHELD = {2024: "13.75", 2025: "14.5", 2026: "15.25", 2027: "16", 2028: "17"}
_FOREIGNER = "55555555-5"
_NATURES = {demo.SUPERMARKET: "Supermercado", demo.NO_CREDIT: "IVA no Recuperable", demo.COMMON_USE: "IVA Uso Comun",
            demo.FIXED_ASSET: "Activo Fijo"}  # fmt: skip


def files(period: str, listed: Iterable[Document]) -> dict[str, bytes]:
    """File name to content: the register of a month that holds these documents.

    :param period: "YYYY-MM", the register's month, whatever the documents' dates
    """
    posted = [document for document in listed if not document.draft]
    boletas = [document for document in posted if document.kind == "39"]
    rows = {
        "sales": [_sale(d) for d in posted if d.side == SALE and d.kind != "39"],
        "purchases": [_purchase(d) for d in posted if d.side != SALE and d.kind != "71"],
        "honorarios": [_fee(d) for d in posted if d.kind == "71"],
        "summary": [_total(boletas)] if boletas else [],
    }
    month = period.replace("-", "")
    return {NAMES[section].format(RUT, month): _csv(section, lines) for section, lines in rows.items()}


def total(document: Document) -> int:
    """What a document comes to, whole pesos."""
    return _exempt(document) + _net(document) + _iva(document)


def _csv(section: str, rows: list[dict[str, Any]]) -> bytes:
    sample = next(SAMPLES.glob(NAMES[section].partition("_{}")[0] + "_*"))
    columns = sample.read_bytes().split(b"\n", 1)[0].decode("utf-8-sig").strip().split(";")
    lines = [";".join(str(row.get(column, "")) for column in columns) for row in rows]
    return ("\r\n".join([";".join(columns), *lines]) + "\r\n").encode()


def _sale(document: Document) -> dict[str, Any]:
    return {
        **_common(document),
        "Tipo Venta": "Del Giro",
        "Rut cliente": PARTNERS[document.partner].rut or _FOREIGNER,
        "Monto IVA": _iva(document),
        "Monto total": total(document),
        "IVA Retenido Total": 0,
    }


def _purchase(document: Document) -> dict[str, Any]:
    taxes = {tax for line in document.lines for tax in line.taxes}
    iva, withheld = _iva(document), _iva(document) if demo.WITHHELD_ALL in taxes else 0
    row = {
        **_common(document),
        "Tipo Compra": next((name for tax, name in _NATURES.items() if tax in taxes), "Del Giro"),
        "RUT Proveedor": PARTNERS[document.partner].rut,
        "Monto Total": total(document) - withheld,
    }
    column = {demo.NO_CREDIT: "Monto Iva No Recuperable", demo.COMMON_USE: "IVA uso Comun"}
    row[next((name for tax, name in column.items() if tax in taxes), "Monto IVA Recuperable")] = iva
    if demo.FIXED_ASSET in taxes:
        row |= {"Monto Neto Activo Fijo": _net(document), "IVA Activo Fijo": iva}
    if withheld:
        row |= {"Codigo Otro Impuesto": 15, "Valor Otro Impuesto": withheld}
    return row


def _common(document: Document) -> dict[str, Any]:
    accepted = document.day + timedelta(days=2)
    return {
        "Nro": 1,
        "Tipo Doc": document.kind,
        "Razon Social": PARTNERS[document.partner].name,
        "Folio": document.folio,
        "Fecha Docto": f"{document.day:%d/%m/%Y}",
        "Fecha Recepcion": f"{document.day:%d/%m/%Y} 10:00:00",
        "Fecha Acuse": f"{accepted:%d/%m/%Y} 12:00:00",
        "Monto Exento": _exempt(document),
        "Monto Neto": _net(document),
    }


def _fee(document: Document) -> dict[str, Any]:
    gross = _exempt(document) + _net(document)
    withheld = _round(gross * Decimal(_WITHHELD[document.day.year]) / 100)
    return {
        "N° Boleta": document.folio,
        "Fecha": f"{document.day:%d/%m/%Y}",
        "Estado": "VIGENTE",
        "Rut": PARTNERS[document.partner].rut,
        "Nombre": PARTNERS[document.partner].name,
        "Brutos": gross,
        "Retenido": withheld,
        "Pagado": gross - withheld,
    }


def _total(boletas: list[Document]) -> dict[str, Any]:
    return {
        "Tipo Documento": "Total Oper. del mes Boleta Electr.(39)",
        "Total Documentos": len(boletas),
        "Monto Exento": sum(map(_exempt, boletas)),
        "Monto Neto": sum(map(_net, boletas)),
        "Monto IVA": sum(map(_iva, boletas)),
        "Monto Total": sum(map(total, boletas)),
    }


def _net(document: Document) -> int:
    return sum(line.quantity * line.price for line in document.lines if line.taxes)


def _exempt(document: Document) -> int:
    rate = USD_IN_PESOS if document.currency == "USD" else 1
    return rate * sum(line.quantity * line.price for line in document.lines if not line.taxes)


def _iva(document: Document) -> int:
    return _round(Decimal(_net(document)) * 19 / 100)


def _round(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))
