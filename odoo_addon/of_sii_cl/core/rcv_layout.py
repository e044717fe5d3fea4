"""What the SII's register files look like: which columns tell which section, and where each column stands.

Headers as downloaded in 2018 to 2026; columns beyond those known here are left alone. Names are looked up exactly
first, then whatever their case: sales write ``Monto total``, purchases ``Monto Total``.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

# Of each line: our name -> SII's column. Those that a section may lack are in OPTIONAL.
DOCUMENT = {
    "type": "Tipo Doc",
    "name": "Razon Social",
    "folio": "Folio",
    "date": "Fecha Docto",
    "exempt": "Monto Exento",
    "net": "Monto Neto",
    "total": "Monto Total",
    "number": "Nro",
    "received": "Fecha Recepcion",
}
SALES = DOCUMENT | {
    "rut": "Rut cliente",
    "nature": "Tipo Venta",
    "vat": "Monto IVA",
    "total": "Monto total",
    "accepted": "Fecha Acuse Recibo",
    "claimed": "Fecha Reclamo",
    "withheld": "IVA Retenido Total",
    "withheld_part": "IVA Retenido Parcial",
    "reference_type": "Tipo Docto. Referencia",
    "reference_folio": "Folio Docto. Referencia",
    "other_code": "Codigo Otro Imp.",
    "other_amount": "Valor Otro Imp.",
}
PURCHASES = DOCUMENT | {
    "rut": "RUT Proveedor",
    "nature": "Tipo Compra",
    "vat": "Monto IVA Recuperable",
    "accepted": "Fecha Acuse",
    "claimed": "Fecha Reclamo",
    "lost_vat": "Monto Iva No Recuperable",
    "fixed_net": "Monto Neto Activo Fijo",
    "fixed_vat": "IVA Activo Fijo",
    "common_vat": "IVA uso Comun",
    "other_code": "Codigo Otro Impuesto",
    "other_amount": "Valor Otro Impuesto",
}
SUMMARY = {
    "type": "Tipo Documento",
    "documents": "Total Documentos",
    "exempt": "Monto Exento",
    "net": "Monto Neto",
    "vat": "Monto IVA",
    "total": "Monto Total",
}
# SII's monthly report of fee receipts received. No file of it was at hand: the names are those of its screen.
HONORARIOS = {
    "folio": "Nro. Boleta",
    "date": "Fecha",
    "state": "Estado",
    "rut": "Rut Emisor",
    "name": "Nombre o Razon Social",
    "gross": "Brutos",
    "withheld": "Retenido",
    "total": "Pagado",
}
OPTIONAL = frozenset(
    {
        *("number", "received", "accepted", "claimed", "nature", "withheld", "withheld_part", "reference_type"),
        *("reference_folio", "other_code", "other_amount"),
    }
)
_SPREADSHEET_OR_SCREEN = {
    "Nro. Boleta": ("N° Boleta", "N°", "Nro", "Numero"),
    "Rut Emisor": ("Rut", "RUT"),
    "Nombre o Razon Social": ("Nombre o Razón Social", "Nombre", "Razon Social"),
    "Brutos": ("Honorarios Brutos", "Bruto", "Monto Bruto"),
    "Retenido": ("Retencion", "Retención", "Monto Retenido"),
    "Pagado": ("Liquido", "Líquido", "Monto Liquido"),
}
NO_REGISTER = (
    "El archivo no es del registro de compras y ventas del SII (RCV): {why}. Descárguelo otra vez en sii.cl con "
    "«Descargar Detalles» y cárguelo sin editarlo."
)


class Layout(NamedTuple):
    """A file's section and where its columns stand. ``places``: our name -> index, -1 for an optional one that the
    file has not."""

    section: str
    width: int
    places: dict[str, int]


def layout_of(header: Sequence[str]) -> Layout:
    """The layout that a header tells. Raises ValueError (Spanish, one line) when it is no register's."""
    names = [name.strip() for name in header]
    while names and not names[-1]:
        names.pop()
    exact = {name: place for place, name in reversed(list(enumerate(names)))}
    folded = {name.casefold(): place for place, name in reversed(list(enumerate(names)))}

    def place(column: str) -> int:
        for name in (column, *_SPREADSHEET_OR_SCREEN.get(column, ())):
            if (found := exact.get(name, folded.get(name.casefold(), -1))) >= 0:
                return found
        return -1

    section, columns = _section(place)
    places = {ours: place(column) for ours, column in columns.items()}
    missing = [columns[ours] for ours, index in places.items() if index < 0 and ours not in OPTIONAL]
    if missing:
        raise ValueError(NO_REGISTER.format(why=f"le falta la columna «{missing[0]}»"))
    return Layout(section, len(names), places)


def _section(place: Callable[[str], int]) -> tuple[str, dict[str, str]]:
    def has(column: str) -> bool:
        return place(column) >= 0

    if has("Total Documentos") and has("Tipo Documento"):
        if not has(SUMMARY["vat"]):
            raise ValueError(
                "Es el resumen de compras del SII: cargue en su lugar el detalle de compras, que trae cada documento."
            )
        return "summary", SUMMARY
    if has("Rut cliente"):
        return "sales", SALES
    if has("RUT Proveedor"):
        if has("Tabacos Puros"):
            return "purchases", PURCHASES
        if has("Fecha Reclamo"):
            return "claimed", PURCHASES
        return "not_included" if has("Fecha Acuse") else "pending", PURCHASES
    if has("Retenido") and has("Brutos"):
        return "honorarios", HONORARIOS
    raise ValueError(NO_REGISTER.format(why="su primera línea no es el encabezado del SII"))
