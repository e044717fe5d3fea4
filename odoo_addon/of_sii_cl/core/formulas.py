"""The F29's identities: from the códigos of the ledger and of a person to every total.

Each sum is a table of código -> sign, as the form prints them; checked on a real filed form and a worked example in
the tests.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from .codes import ALWAYS, MAY_BE_NEGATIVE, PPM_RATE, codes
from .pesos import half_up

Signs = Mapping[int, int]


def _signs(plus: str, minus: str = "") -> Signs:
    return {int(code): 1 for code in plus.split()} | {int(code): -1 for code in minus.split()}


DEBITS = _signs("502 764 717 111 759 513 517 501 154 518 713 741 791", "510 709 734")
CREDITS = _signs("520 762 766 525 532 535 553 504 164 127 544 523 712 757", "528 593 594 592 539 718 790")
ILA_DEBITS = _signs("577 32 150 146 752 545", "546 710")
ILA_CREDITS = _signs("576 33 149 85 754 551 508 552", "559 533")
# 776 (RLP) is in the sum by its place on the form; no filed form with it was at hand to prove it.
FRONT = _signs(
    "89 775 780 783 785 787 789 760 50 48 151 153 49 155 54 56 588 589 62 156 123 703 810 66 152 157 70 776", "767 723"
)
ADVANCE = _signs("556 557", "558")
WITHHOLDING = _signs("39 554 597 555", "736")
TOTAL = _signs("595 409 550 506 596 103 814 816", "598 727 706 570 571 590 770")
LATE = _signs("91 92 93", "795")


@dataclass(frozen=True)
class Form:
    """A computed form. ``values``: every código that has one, zeros included; ``clamped``: códigos whose sum came out
    negative where the form admits none, with that sum (their value is 0); ``ppm_rate``: percent (115)."""

    values: dict[int, int]
    clamped: dict[int, int]
    ppm_rate: Decimal

    def casillas(self) -> dict[int, int | Decimal]:
        """Every non-zero código and always the totals, in numeric order; 115 alone has decimals."""
        values = self.values | {PPM_RATE: self.ppm_rate}
        return {code: values[code] for code in sorted(values) if values[code] or code in ALWAYS}


def compute(
    ledger: Mapping[int, int], inputs: Mapping[int, int], carried: Mapping[int, int], ppm_rate: Decimal
) -> Form:
    """Compute a form.

    ``ledger``: código -> pesos or documents from posted entries; ``inputs``: código -> what a person entered, added to
    the ledger's; ``carried``: código -> pesos from the form before (504 and the other remanentes), each replaced by an
    input of its código; ``ppm_rate``: percent (115).
    """
    values, clamped = _given(ledger, inputs, carried)

    def total(signs: Signs) -> int:
        return sum(sign * values.get(code, 0) for code, sign in signs.items())

    values[538], values[537] = total(DEBITS), total(CREDITS)
    values[89], values[77] = _split(values[538] - values[537])
    values[506], values[507] = _split(total(ILA_DEBITS) - total(ILA_CREDITS))
    values[543] = max(total(ADVANCE), 0)
    values[598] = min(values[543], values[89])
    values[573] = values[543] - values[598]
    values[62] = _ppm(values, ppm_rate)
    training = values.get(721, 0) + values.get(722, 0)
    # "con tope del valor de los PPM declarados en los Códigos 62, 123, 703 y ..." (SII's instructions, línea 75)
    values[723] = min(training, values[62] + values.get(123, 0) + values.get(703, 0))
    values[724] = training - values[723]
    values[595] = total(FRONT)
    values[596] = total(WITHHOLDING)
    values[547] = total(TOTAL)
    values[91] = max(values[547], 0)
    if any(values.get(code) for code in (92, 93, 795)):
        values[94] = total(LATE)
    return Form(values, clamped, ppm_rate)


def _given(
    ledger: Mapping[int, int], inputs: Mapping[int, int], carried: Mapping[int, int]
) -> tuple[dict[int, int], dict[int, int]]:
    values = {code: ledger.get(code, 0) + inputs.get(code, 0) for code in {*ledger, *inputs}}
    values |= {code: inputs.get(code, amount) for code, amount in {504: 0, **carried}.items()}
    clamped = {code: value for code, value in values.items() if value < 0 and code not in MAY_BE_NEGATIVE}
    return values | dict.fromkeys(clamped, 0), clamped


def _split(difference: int) -> tuple[int, int]:
    """(to pay, to carry), both positive."""
    return max(difference, 0), max(-difference, 0)


def _ppm(values: Mapping[int, int], rate: Decimal) -> int:
    """62 = 563 x 115 / 100 - 68; none while a loss (30) suspends the PPM (art. 90 LIR)."""
    if values.get(30):
        return 0
    return max(half_up(Decimal(values.get(563, 0)) * rate / 100) - values.get(68, 0), 0)


def broken_identities(casillas: Mapping[int, int | Decimal], ppm_rate: Decimal) -> dict[int, tuple[int, int]]:
    """Computed códigos of a given form that its own other códigos do not give: código -> (given, expected)."""
    computed = [code for code, known in codes().items() if known.source == "computed"]
    whole = {code: int(value) for code, value in casillas.items() if code != PPM_RATE}
    given = {code: value for code, value in whole.items() if code not in computed}
    expected = compute(given, {}, {504: given.get(504, 0)}, ppm_rate).values
    return {
        code: (whole.get(code, 0), expected.get(code, 0))
        for code in sorted(computed)
        if whole.get(code, 0) != expected.get(code, 0)
    }
