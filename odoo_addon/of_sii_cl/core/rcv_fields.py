"""The fields of the SII's register (RCV) as text: amounts, dates, folios, RUT. Each raises Refusal with its reason."""

import re
from functools import lru_cache

from .rut import normalize_rut

# "119.000" and "119.000,00" are what a spreadsheet makes of 119000.
_AMOUNT = re.compile(r"(-?)(\d{1,3}(?:\.\d{3})+|\d+)(?:,0+)?", re.ASCII)
_DAY_FIRST = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})(?:[ T]+\d{1,2}:\d{2}(?::\d{2})?)?", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})[/-](\d{1,2})[/-](\d{1,2})(?:[ T]+\d{1,2}:\d{2}(?::\d{2})?)?", re.ASCII)
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_NOTHING = ("", "-", "null", "NULL")
# Whole pesos that a double still tells apart; no document of one company comes near it.
_MOST_DIGITS = 15


class Refusal(Exception):
    """Why a line of the register is not read (one sentence in Spanish)."""


def amount(text: str) -> int:
    """Whole pesos; an empty field is 0."""
    if text.isdecimal() and len(text) <= _MOST_DIGITS and text.isascii():
        return int(text)
    return _written_amount(text.strip())


def _written_amount(text: str) -> int:
    if text in _NOTHING:
        return 0
    match = _AMOUNT.fullmatch(text)
    if not match or len(digits := match[2].replace(".", "")) > _MOST_DIGITS:
        raise Refusal(f"«{text[:40]}» no es un monto en pesos.")
    return int(match[1] + digits)


@lru_cache(maxsize=8192)
def day(text: str) -> str | None:
    """``dd/mm/yyyy``, with or without a time of day, as ``yyyy-mm-dd``; None for an empty field or «null»."""
    text = text.strip()
    if text in _NOTHING:
        return None
    if match := _DAY_FIRST.fullmatch(text):
        date, month, year = map(int, match.groups())
    elif match := _YEAR_FIRST.fullmatch(text):
        year, month, date = map(int, match.groups())
    else:
        raise Refusal(f"«{text[:40]}» no es una fecha (dd/mm/aaaa).")
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not (1900 <= year <= 2100 and 1 <= month <= 12 and 1 <= date <= _DAYS[month - 1]) or (
        (month, date) == (2, 29) and not leap
    ):
        raise Refusal(f"La fecha «{text}» no existe.")
    return f"{year:04d}-{month:02d}-{date:02d}"


def document_day(text: str) -> str:
    """The day of a document, ``yyyy-mm-dd``, which each has."""
    found = day(text)
    if found is None:
        raise Refusal("No trae la fecha del documento.")
    return found


def number(text: str, what: str) -> str:
    """A folio or document type: digits without zeros before them. ``what``: its name in the refusal."""
    if text.isdecimal() and text.isascii() and text[0] != "0" and len(text) <= 18:
        return text
    plain = text.strip()
    if not (plain.isdecimal() and plain.isascii()):
        plain = plain.replace(".", "") if re.fullmatch(r"\d{1,3}(\.\d{3})+", plain, re.ASCII) else ""
    plain = plain.lstrip("0")
    if not plain or len(plain) > 18:
        raise Refusal(f"«{text.strip()[:40]}» no es un {what}.")
    return plain


@lru_cache(maxsize=1024)
def document_type(text: str) -> str:
    """SII's number of the document's type: ``33``."""
    code = number(text, "tipo de documento")
    if len(code) > 3:
        raise Refusal(f"«{text.strip()[:40]}» no es un tipo de documento.")
    return code


@lru_cache(maxsize=16384)
def rut(text: str) -> str:
    """A counterpart's RUT in normal form, its check digit verified."""
    try:
        return normalize_rut(text)
    except ValueError as error:
        raise Refusal(str(error)) from None
