"""Whole pesos: the one rounding and the one way a Chilean reads an amount."""

from decimal import ROUND_HALF_UP, Decimal


def half_up(value: Decimal) -> int:
    """Whole pesos, halves away from zero."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def pesos(amount: int) -> str:
    """``-1234567`` -> ``-$1.234.567``."""
    sign = "-" if amount < 0 else ""
    return f"{sign}${abs(amount):,}".replace(",", ".")
