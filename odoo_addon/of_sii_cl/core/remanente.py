"""Código 504: last month's remanente (77), readjusted by the UTM (art. 27 D.L. 825, SII FAQ 1926)."""

from decimal import ROUND_HALF_UP, Decimal

from .pesos import half_up


def carry(remanente: int, utm_then: int, utm_now: int) -> int:
    """Whole pesos of 504 for a remanente of whole pesos.

    ``utm_then``: UTM (whole pesos) of the calendar month in which the form with the remanente is declared;
    ``utm_now``: that of the month in which this form is declared. The amount passes through UTM rounded to two
    decimals: SII's own example is 2.500.000 / 43.000 = 58,14 UTM; x 43.198 = 2.511.532.
    Raises ValueError unless both are positive.
    """
    if utm_then <= 0 or utm_now <= 0:
        raise ValueError("La UTM debe ser un monto positivo en pesos.")
    return half_up(in_utm(remanente, utm_then) * utm_now)


def in_utm(remanente: int, utm: int) -> Decimal:
    """Whole pesos in UTM, with the two decimals that SII keeps. ``utm``: whole pesos, positive."""
    return (Decimal(remanente) / utm).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
