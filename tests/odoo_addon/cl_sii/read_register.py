"""Run by the Python that has cl-sii: reads each register in a folder with it and prints JSON.

``python read_register.py FOLDER`` -> {file: null (refused) or [[type, folio, RUT, date, exempt, net, IVA, total]]}.
A file's name begins with its section and a hyphen.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cl_sii.rcv import parse_csv
from cl_sii.rut import Rut

READERS = {
    "sales": parse_csv.parse_rcv_venta_csv_file,
    "purchases": parse_csv.parse_rcv_compra_registro_csv_file,
    "not_included": parse_csv.parse_rcv_compra_no_incluir_csv_file,
    "pending": parse_csv.parse_rcv_compra_pendiente_csv_file,
    "claimed": parse_csv.parse_rcv_compra_reclamado_csv_file,
}
COMPANY = Rut("76123456-0")


def rows(path: Path) -> Iterator[list[Any]]:
    """Raises ValueError for a row that cl-sii refuses, and what its reader raises."""
    for entry, number, _raw, errors in READERS[path.name.split("-")[0]](COMPANY, str(path)):
        if entry is None or errors:
            raise ValueError(f"row {number}: {errors}")
        sale = hasattr(entry, "cliente_rut")
        yield [
            str(int(entry.tipo_docto)),
            str(entry.folio),
            str(entry.cliente_rut if sale else entry.proveedor_rut),
            entry.fecha_emision_date.isoformat(),
            entry.monto_exento or 0,
            entry.monto_neto or 0,
            (entry.monto_iva if sale else entry.monto_iva_recuperable) or 0,
            entry.monto_total,
        ]


def accepted(path: Path) -> list[list[Any]] | None:
    try:
        return list(rows(path))
    except Exception:  # it raises a dozen classes; each means that it does not accept the file
        return None


json.dump({path.name: accepted(path) for path in sorted(Path(sys.argv[1]).iterdir())}, sys.stdout)
