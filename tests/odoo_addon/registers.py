"""Registers for the tests of the reader: the samples, random clean ones of the same shapes, and damaged copies."""

import random
import re
from datetime import date

from .conftest import ADDON

SAMPLES = ADDON / "of_sii_cl/tests/rcv"
FILES = {
    "sales": "RCV_VENTA_76123456-0_202607.csv",
    "purchases": "RCV_COMPRA_REGISTRO_76123456-0_202607.csv",
    "pending": "RCV_COMPRA_PENDIENTE_76123456-0_202607.csv",
    "not_included": "RCV_COMPRA_NO_INCLUIR_76123456-0_202607.csv",
    "claimed": "RCV_COMPRA_RECLAMADO_76123456-0_202607.csv",
    "summary": "RCV_RESUMEN_VENTA_76123456_202607.csv",
    "honorarios": "BHE_RECIBIDAS_76123456-0_202607.csv",
}
DETAILS = ("sales", "purchases", "pending", "not_included", "claimed")
_JUNK = (b";", b'"', b"\r", b"\n", b"\r\n", b"\x00", b";;;", b"null", b"99.9", b"-", b"\xff", "\u2028".encode())


def sample(section: str) -> bytes:
    return (SAMPLES / FILES[section]).read_bytes()


def lines_after_header(content: bytes) -> int:
    """An independent count: lines that hold more than blanks, but the first; each UTF-8, or Latin-1 failing that."""
    lines = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    return sum(not _blank(line) for line in lines) - 1


def _blank(line: bytes) -> bool:
    try:
        return not line.decode().strip()
    except UnicodeDecodeError:
        return not line.decode("latin-1").strip()


def damaged(content: bytes, chance: random.Random) -> bytes:
    """The file with one to six wounds below its header: bytes put in, taken out or replaced, lines repeated."""
    header, body = content.split(b"\n", 1)
    for _wound in range(chance.randint(1, 6)):
        if chance.random() < 0.15:
            lines = body.split(b"\n")
            body = b"\n".join([*lines, chance.choice(lines)])
            continue
        start, taken = chance.randint(0, len(body)), chance.choice((0, 0, 1, 1, 2, 5, 40))
        put = chance.choice(
            (b"", chance.randbytes(chance.randint(1, 6)), chance.choice(_JUNK), b"%d" % chance.randint(0, 9))
        )
        body = body[:start] + put + body[start + taken :]
    return header + b"\n" + body


def clean(section: str, chance: random.Random) -> bytes:
    """A register of up to 30 documents of a section, each a row, with random types, folios, dates and amounts."""
    header = sample(section).split(b"\n", 1)[0].decode("utf-8-sig").strip()
    sale = section == "sales"
    lines = [header]
    for number in range(1, chance.randint(1, 30) + 1):
        net, exempt = chance.choice((0, chance.randint(1, 10**9))), chance.choice((0, 0, chance.randint(1, 10**7)))
        vat = net * 19 // 100
        day = date(2026, 7, chance.randint(1, 31))
        cells = {
            "Nro": number,
            "Tipo Doc": chance.choice((33, 56, 61)) if net else 34,
            "Tipo Venta": "Del Giro",
            "Tipo Compra": chance.choice(("Del Giro", "Activo Fijo", "Supermercados")),
            "Rut cliente" if sale else "RUT Proveedor": chance.choice(("76086428-5", "96790240-3", "77123456-9")),
            "Razon Social": chance.choice(("PEÑALOLÉN SPA ", "Uno y Dos Ltda.", "  ÑUÑOA S.A.")),
            "Folio": number * 1000 + chance.randint(0, 999),
            "Fecha Docto": f"{day:%d/%m/%Y}",
            "Fecha Recepcion": f"{day:%d/%m/%Y} 10:11:12",
            "Fecha Acuse": chance.choice(("", f"{day:%d/%m/%Y} 20:01:59")),
            "Fecha Reclamo": f"{day:%d/%m/%Y} 09:00:00" if section == "claimed" else "",
            "Monto Exento": exempt,
            "Monto Neto": net,
            "Monto IVA" if sale else "Monto IVA Recuperable": vat,
            "Monto total" if sale else "Monto Total": exempt + net + vat,
        }
        lines.append(";".join(str(cells.get(column, _empty(column))) for column in header.split(";")) + ";")
    return ("\r\n".join(lines) + "\r\n").encode()


def _empty(column: str) -> str:
    """What the SII writes where there is nothing: 0 in most amounts, nothing elsewhere."""
    return "0" if re.match(r"IVA |Neto Com|Exento Com|Credito|Impto\. Zona|Garantia|Monto No", column) else ""
