"""The F29's arithmetic, written a second time on purpose: the add-on computes the form, this module checks it.

Source: the form's own instructions; formulas as checked on real filed forms (docs/f29.md). An absent código is 0.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from ofitec.errors import PermanentError
from ofitec.f29.form import F29Form

_DEBITS = (502, 764, 717, 111, 759, 513, 517, 501, 154, 518, 713, 741, 791)
_DEBITS_MINUS = (510, 709, 734)
_CREDITS = (520, 762, 766, 525, 532, 535, 553, 504, 164, 127, 544, 523, 712, 757)
_CREDITS_MINUS = (528, 593, 594, 592, 539, 718, 790)
_DEFERRED = (775, 780, 783, 785, 787, 789)
_WITHHOLDINGS = (50, 48, 151, 153, 49, 155, 54, 56, 588, 589)
_PREPAYMENTS = (62, 156, 123, 703, 810, 66, 152, 157, 70, 776)
_SUBTOTAL = (89, 760, *_WITHHOLDINGS, *_PREPAYMENTS, *_DEFERRED)
_SUBTOTAL_MINUS = (767, 723)
_WITHHELD = (39, 554, 597, 555)
_TOTAL = (595, 409, 550, 506, 596, 103, 814, 816)
_TOTAL_MINUS = (598, 727, 706, 570, 571, 590, 770)


class Break(NamedTuple):
    """An identity that does not hold: the código, what the form says, what the sum gives (whole pesos)."""

    code: int
    stated: int
    expected: int


def broken(casillas: Mapping[str, int], ppm_rate: Decimal) -> list[Break]:
    """Every identity of the form that its own códigos do not meet.

    :param casillas: código to whole pesos
    :param ppm_rate: código 115, percent
    """

    def of(code: int) -> int:
        return casillas.get(str(code), 0)

    def total(plus: tuple[int, ...], minus: tuple[int, ...] = ()) -> int:
        return sum(map(of, plus)) - sum(map(of, minus))

    determined = of(538) - of(537)
    expected = {
        538: total(_DEBITS, _DEBITS_MINUS),
        537: total(_CREDITS, _CREDITS_MINUS),
        89: max(determined, 0),
        77: max(-determined, 0),
        62: _ppm(of(563), ppm_rate, of(68), suspended=bool(of(30))),
        595: total(_SUBTOTAL, _SUBTOTAL_MINUS),
        596: total(_WITHHELD, (736,)),
        547: total(_TOTAL, _TOTAL_MINUS),
        91: max(of(547), 0),
    }
    return [Break(code, of(code), value) for code, value in expected.items() if of(code) != value]


def check(form: F29Form) -> None:
    """Refuse a form whose totals do not follow from its lines.

    :raises PermanentError: names each código that is off, with both figures
    """
    off = broken(form.casillas, form.ppm_rate)
    if off:
        figures = "; ".join(f"el código {b.code} dice {b.stated} y sus líneas dan {b.expected}" for b in off)
        raise PermanentError(
            f"El F29 de {form.rut} de {form.period} no cuadra: {figures}. No se entregó nada: calcule de nuevo el "
            "formulario en Odoo y revise sus códigos manuales."
        )


def _ppm(base: int, rate: Decimal, credit: int, *, suspended: bool) -> int:
    """Código 62, art. 84 LIR: base × rate, half-up to the peso, less código 68; 0 while suspended by art. 90."""
    if suspended:
        return 0
    return max(int((base * rate / 100).quantize(Decimal(1), ROUND_HALF_UP)) - credit, 0)
