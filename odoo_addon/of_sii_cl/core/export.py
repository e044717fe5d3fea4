"""CSV, JSON and XML of a computed form: the project's own formats (SII publishes none for upload).

Deterministic: códigos in numeric order, LF, whole numbers (115, a rate, is the one decimal), no clock. The same form
gives the same bytes.
"""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from xml.sax.saxutils import escape

from .codes import decimal_text, glosa

# Characters that XML 1.0 forbids even as references.
_NOT_XML = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF])


@dataclass(frozen=True)
class ExportForm:
    """What an export holds. ``rut`` in normal form, ``ppm_rate`` percent with three decimals as text, ``casillas``
    código -> whole pesos or documents, and for 115 the rate."""

    period: str
    company: str
    rut: str
    version: int
    ppm_rate: str
    casillas: Mapping[int, int | Decimal]

    def sorted_casillas(self) -> list[tuple[int, int | Decimal]]:
        """(código, amount) in numeric order."""
        return sorted(self.casillas.items())


def _text(amount: int | Decimal) -> str:
    return decimal_text(amount) if isinstance(amount, Decimal) else str(amount)


def to_csv(form: ExportForm) -> str:
    """``casilla,monto,glosa``, one line a código."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["casilla", "monto", "glosa"])
    writer.writerows((code, _text(amount), glosa(code)) for code, amount in form.sorted_casillas())
    return out.getvalue()


def to_json(form: ExportForm) -> str:
    """One object: period, company, rut, version, ppm_rate (text) and casillas (text -> number)."""
    content = {
        "period": form.period,
        "company": form.company,
        "rut": form.rut,
        "version": form.version,
        "ppm_rate": form.ppm_rate,
        "casillas": {
            str(code): float(amount) if isinstance(amount, Decimal) else amount
            for code, amount in form.sorted_casillas()
        },
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def to_xml(form: ExportForm) -> str:
    """A document valid against ``static/xsd/f29.xsd``. It declares UTF-8: encode it before parsing."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        "<F29>",
        f"  <Period>{form.period}</Period>",
        f"  <Rut>{form.rut}</Rut>",
        f"  <Company>{escape(form.company.translate(_NOT_XML))}</Company>",
        f"  <Version>{form.version}</Version>",
        *(f'  <Casilla num="{code}">{_text(amount)}</Casilla>' for code, amount in form.sorted_casillas()),
        "</F29>",
    ]
    return "\n".join(lines) + "\n"


RENDERERS = {"csv": to_csv, "json": to_json, "xml": to_xml}
