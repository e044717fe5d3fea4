"""What happened to a filed month afterwards, told in Spanish."""

from collections.abc import Mapping, Sequence

from .messages import Warning
from .pesos import pesos

WHAT = {"posted": "publicado", "changed": "modificado", "cancelled": "anulado", "reset": "devuelto a borrador"}


def _line(row: Mapping[str, object]) -> str:
    side = "venta" if row["direction"] == "sale" else "compra"
    return f"{side} {row['type']} N° {row['folio']} {WHAT[str(row['kind'])]}"


def late_documents(period: str, rows: Sequence[Mapping[str, object]]) -> Warning:
    """Documents of a filed month that no form declares as they are now; ``rows`` as in compute_period's ``late``."""
    shown = ", ".join(_line(row) for row in rows[:5])
    more = f" y {len(rows) - 5} más" if len(rows) > 5 else ""
    iva = sum(int(str(row["iva"])) for row in rows)
    count = "1 documento" if len(rows) == 1 else f"{len(rows)} documentos"
    return Warning(
        code="late_documents",
        key=f"late_documents/{period}",
        figure=", ".join(f"{_line(row)} {row['iva']}" for row in rows),
        message=f"Después de declarar {period}: {count} con IVA por {pesos(iva)} ({shown}{more}). "
        "Vea «Después de declarar»: una compra nueva se declara ahora, lo demás se rectifica.",
        blocks=False,
    )


def claimed(document_type: str, folio: str, period: str) -> str:
    """Chatter line of a purchase that was taken to the open month."""
    return f"La compra {document_type} N° {folio}, publicada después de declarar, se declara en {period}."
