"""The demo company's month as data: about 200 documents of every kind the F29 knows, always the same ones.

Nothing here talks to Odoo; `demo_company` posts what this module lists.
"""

import calendar
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

SALE, PURCHASE = "sale", "purchase"

# tax codes of Odoo's Chilean chart (the xmlid's suffix)
IVA_SALE, IVA_PURCHASE = "ITAX_19", "OTAX_19"
SUPERMARKET, FIXED_ASSET = "iva_supermercado_recup", "iva_activo_fijo"
NO_CREDIT, COMMON_USE = "iva_compra_no_recup", "iva_compra_uso_comun"
WITHHELD_ALL = "I_RTI"


@dataclass(frozen=True)
class Line:
    """One line of a document: glosa, quantity, unit price in whole units of the currency, tax codes."""

    glosa: str
    quantity: int
    price: int
    taxes: tuple[str, ...]


@dataclass(frozen=True)
class Document:
    """One document: its DTE type, side, counterpart (a key of `PARTNERS`), folio, date and lines."""

    kind: str
    side: str
    partner: str
    folio: int
    day: date
    lines: tuple[Line, ...]
    currency: str = "CLP"
    draft: bool = False

    @property
    def move_type(self) -> str:
        """Odoo's move type; a nota de débito (56) is an invoice there."""
        direction = "out" if self.side == SALE else "in"
        return f"{direction}_refund" if self.kind == "61" else f"{direction}_invoice"


@dataclass(frozen=True)
class Partner:
    """A counterpart. `payer` is the SII's kind: 1 VAT, 2 honorarios, 3 end consumer, 4 foreign."""

    name: str
    rut: str
    payer: str = "1"
    country: str = "CL"


PARTNERS = {
    "ferreteria": Partner("Ferretería El Roble Ltda.", "76201998-1"),
    "constructora": Partner("Constructora Andes Sur SpA", "77345120-6"),
    "clinica": Partner("Clínica Veterinaria Los Boldos SpA", "76854321-6"),
    "hotel": Partner("Hotel Bahía Serena S.A.", "96512340-7"),
    "colegio": Partner("Fundación Educacional Quillay", "65098765-9"),
    "minimarket": Partner("Minimarket Doña Rosa EIRL", "76432109-K"),
    "consumidor": Partner("Consumidor final", "66666666-6", payer="3"),
    "exterior": Partner("Importaciones Altiplano S.R.L.", "", payer="4", country="BO"),
    "mayorista": Partner("Distribuidora Mayorista del Maipo S.A.", "96789012-K"),
    "telecom": Partner("Telecomunicaciones Austral S.A.", "96321654-8"),
    "supermercado": Partner("Supermercados La Cordillera S.A.", "81201003-4"),
    "maquinaria": Partner("Maquinarias y Equipos Biobío Ltda.", "78654321-5"),
    "arriendo": Partner("Inmobiliaria Plaza Norte SpA", "76999888-8"),
    "abogada": Partner("Carolina Fuentes Rojas", "12345678-5", payer="2"),
    "disenador": Partner("Matías Herrera Soto", "15678234-3", payer="2"),
    "chatarrero": Partner("Juan Pérez Aguilera", "9876543-3", payer="3"),
    "tesoreria": Partner("Tesorería General de la República", "60805000-0"),
}

_CUSTOMERS = ("ferreteria", "constructora", "clinica", "hotel", "colegio", "minimarket")
_GOODS = (
    ("Caja de repuestos surtidos", 18990),
    ("Rollo de cable eléctrico 100 m", 45500),
    ("Servicio de mantención mensual", 185000),
    ("Taladro percutor 750 W", 62300),
    ("Juego de llaves mixtas", 24150),
    ("Pintura látex 5 galones", 53890),
    ("Instalación en terreno", 120000),
    ("Set de luminarias LED", 38740),
)
_SUPPLIES = (
    ("Mercadería para la venta", 96000),
    ("Embalaje y etiquetas", 21400),
    ("Flete local", 48000),
    ("Servicio de internet y telefonía", 64900),
    ("Insumos de oficina", 17350),
)


def documents(period: str) -> list[Document]:
    """The month's documents, by side, kind and folio.

    :param period: "YYYY-MM"; the same period gives the same documents
    """
    year, month = map(int, period.split("-"))
    dice = random.Random(f"ofitec demo {period}")
    last = calendar.monthrange(year, month)[1]
    listed = [*_sales(dice), *_purchases(dice, year)]
    days = {index: date(year, month, dice.randint(1, last)) for index in range(len(listed))}
    return [replace(document, day=days[index]) for index, document in enumerate(listed)]


def opening(period: str) -> list[Document]:
    """Two documents of the month before, whose IVA leaves a remanente to carry into this month (código 504)."""
    year, month = map(int, period.split("-"))
    day = date(year - 1, 12, 15) if month == 1 else date(year, month - 1, 15)
    return [
        Document(
            "33", SALE, "constructora", 900, day, (Line("Servicio de mantención mensual", 4, 185000, (IVA_SALE,)),)
        ),
        Document(
            "33", PURCHASE, "mayorista", 70110, day, (Line("Mercadería para la venta", 60, 96000, (IVA_PURCHASE,)),)
        ),
    ]


_ANY_DAY = date(2000, 1, 1)  # replaced by `documents`


def _sales(dice: random.Random) -> Iterator[Document]:
    for n in range(70):
        lines = tuple(_line(dice, _GOODS, (IVA_SALE,)) for _ in range(dice.randint(1, 4)))
        if n % 10 == 3:
            lines += (Line("Curso de capacitación (exento)", 1, 85000, ()),)
        yield Document("33", SALE, dice.choice(_CUSTOMERS), 1001 + n, _ANY_DAY, lines)
    for n in range(12):
        yield Document(
            "34", SALE, "colegio", 301 + n, _ANY_DAY, (Line("Arriendo de sala de clases", 1, 140000 + 5000 * n, ()),)
        )
    for n in range(40):
        yield Document("39", SALE, "consumidor", 5001 + n, _ANY_DAY, (_line(dice, _GOODS, (IVA_SALE,), most=2),))
    for n in range(8):
        yield Document(
            "61", SALE, dice.choice(_CUSTOMERS), 81 + n, _ANY_DAY, (_line(dice, _GOODS, (IVA_SALE,), most=1),)
        )
    for n in range(3):
        yield Document(
            "56", SALE, dice.choice(_CUSTOMERS), 21 + n, _ANY_DAY, (Line("Intereses por mora", 1, 9870, (IVA_SALE,)),)
        )
    for n in range(3):
        yield Document(
            "110", SALE, "exterior", 11 + n, _ANY_DAY, (Line("Repuestos exportados", 10, 120, ()),), currency="USD"
        )


def _purchases(dice: random.Random, year: int) -> Iterator[Document]:
    def bought(
        count: int, kind: str, partner: str, folio: int, glosa: str, price: int, *taxes: str
    ) -> Iterator[Document]:
        for n in range(count):
            line = Line(glosa, dice.randint(1, 3), price, taxes)
            yield Document(kind, PURCHASE, partner, folio + 7 * n, _ANY_DAY, (line,))

    for n in range(36):
        lines = tuple(_line(dice, _SUPPLIES, (IVA_PURCHASE,)) for _ in range(dice.randint(1, 3)))
        yield Document("33", PURCHASE, dice.choice(("mayorista", "telecom")), 70200 + 11 * n, _ANY_DAY, lines)
    yield from bought(5, "33", "supermercado", 41000, "Artículos de aseo y cafetería", 31200, SUPERMARKET)
    yield from bought(4, "33", "maquinaria", 2200, "Compresor industrial", 890000, FIXED_ASSET)
    yield from bought(3, "33", "telecom", 88000, "Automóvil: arriendo y combustible", 54000, NO_CREDIT)
    yield from bought(2, "33", "arriendo", 612, "Arriendo de bodega, uso común", 350000, COMMON_USE)
    yield from bought(5, "34", "arriendo", 4410, "Arriendo de oficina sin amoblar", 410000)
    yield from bought(4, "61", "mayorista", 3310, "Devolución de mercadería", 44000, IVA_PURCHASE)
    yield from bought(1, "56", "telecom", 990, "Diferencia de precio", 12500, IVA_PURCHASE)
    yield from bought(3, "71", "abogada", 77, "Asesoría legal", 280000, f"I_IR2C_{year}")
    yield from bought(3, "71", "disenador", 140, "Diseño de catálogo", 160000, f"I_IR2C_{year}")
    yield from bought(2, "46", "chatarrero", 15, "Compra de chatarra de cobre", 210000, IVA_PURCHASE, WITHHELD_ALL)
    yield from bought(2, "914", "tesoreria", 500120, "Importación de repuestos", 1250000, IVA_PURCHASE)
    yield replace(next(bought(1, "33", "mayorista", 79999, "Mercadería en revisión", 98000, IVA_PURCHASE)), draft=True)


def _line(dice: random.Random, catalogue: tuple[tuple[str, int], ...], taxes: tuple[str, ...], most: int = 5) -> Line:
    glosa, price = dice.choice(catalogue)
    return Line(glosa, dice.randint(1, most), price, taxes)
