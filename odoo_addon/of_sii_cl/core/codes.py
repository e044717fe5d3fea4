"""The códigos of the F29: their glosa, their kind and where their value comes from.

The form is keyed by código, never by line: the line of a código moves between versions of the form, the código stays.
"""

import csv
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from .pesos import pesos

# Always given, even when zero: the totals a reader looks for first.
ALWAYS = (538, 537, 89, 77, 595, 547, 91)
# "Todos los códigos son positivos excepto ..." (form instructions, rule 4; SII FAQ 1914 and 1184).
MAY_BE_NEGATIVE = frozenset({538, 537, 596, 743, 745, 547})


class Code(NamedTuple):
    """One código.

    ``kind``: ``count`` (documents) or ``amount`` (whole pesos).
    ``source``: ``ledger`` (posted entries, an input adds to it), ``carry`` (504: last month's 77, an input replaces
    it), ``input`` (only a person knows it) or ``computed`` (a formula; an input is refused).
    """

    code: int
    kind: str
    source: str
    glosa: str


@lru_cache(maxsize=1)
def codes() -> dict[int, Code]:
    """Every known código, from ``codes.csv``."""
    with (Path(__file__).parent / "codes.csv").open(encoding="utf-8", newline="") as table:
        return {
            int(row["code"]): Code(int(row["code"]), row["kind"], row["source"], row["glosa"])
            for row in csv.DictReader(table)
        }


def glosa(code: int) -> str:
    """Official label of a código, in Spanish. Raises KeyError for a código that the form does not have."""
    return codes()[code].glosa


def amount_text(code: int, amount: int) -> str:
    """An amount of this código as a person reads it: pesos, or a plain count of documents."""
    return str(amount) if codes()[code].kind == "count" else pesos(amount)


def input_error(code: int) -> str | None:
    """Why a person may not enter this código (one line in Spanish), or None when they may."""
    known = codes().get(code)
    if known is None:
        return f"El código {code} no existe en el F29: revise el número."
    if known.source == "computed":
        return f"El código {code} ({known.glosa}) se calcula solo: ingrese los códigos que lo componen."
    return None
