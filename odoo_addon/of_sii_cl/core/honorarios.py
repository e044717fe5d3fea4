"""Withholding on fee receipts (honorarios), Ley 21.133: percent of the gross by year of the document."""

from decimal import Decimal

# 17 % from 2028 on.
RATES = {
    2018: Decimal("10"),
    2019: Decimal("10"),
    2020: Decimal("10.75"),
    2021: Decimal("11.5"),
    2022: Decimal("12.25"),
    2023: Decimal("13"),
    2024: Decimal("13.75"),
    2025: Decimal("14.5"),
    2026: Decimal("15.25"),
    2027: Decimal("16"),
    2028: Decimal("17"),
}


def is_withholding(percent: Decimal) -> bool:
    """Whether a tax of this percent (negative: it is withheld) is the withholding of some year."""
    return -percent in RATES.values()


def rate_of(year: int) -> Decimal:
    """Percent withheld from a fee receipt of this year, 2018 or later. Raises KeyError for an earlier one."""
    return RATES[min(year, max(RATES))]
