"""What a person's data become in a staging copy. Pure: texts to texts.

Every mask is the same for the same value, so that what belonged together still does: a RUT has one mask in the
partner, in the register of the SII and in a filed form. Which one it is follows from a key that no one keeps: it is
drawn each morning and forgotten, so nobody can go back, and two mornings cannot be compared.
"""

import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum

from stdnum.cl import rut as stdnum_rut

DOMAIN = "staging.invalid"  # RFC 2606: no mail ever reaches it

# The Registro Civil gives numbers below 50 million, the SII those above, to companies: a mask stays on its side
_PERSONS, _COMPANIES, _BORDER = 40_000_000, 54_000_000, 50_000_000
# Nobody's: foreigners without a RUT, final consumers, and the treasury. The add-ons know them by these numbers.
GENERIC = frozenset({"55555555", "66666666", "60805000"})
_RUT = re.compile(r"[0-9]{1,8}[0-9K]")
_ADDRESS = re.compile(r"[\w.+%'-]+@[\w-]+(?:\.[\w-]+)*", re.ASCII)
_TEMPLATE = re.compile(r"\{\{|\$\{|<t ")


class Kind(StrEnum):
    """What a column holds, and so what becomes of it."""

    NAME = "name"
    NAMES = "names"  # a name, or two joined by a comma: "Company, Person"
    RUT = "rut"
    EMAIL = "email"
    PHONE = "phone"
    ACCOUNT = "account"
    TEXT = "text"  # free words of people: removed
    HTML = "html"  # the same, as a page
    LABEL = "label"  # a title that must differ from row to row: it becomes a number
    CLEAR = "clear"  # emptied


# those whose mask depends on the value
MAPPED = (Kind.NAME, Kind.NAMES, Kind.RUT, Kind.EMAIL, Kind.PHONE, Kind.ACCOUNT)
REMOVED = "Texto retirado"


class Masks:
    """The masks of one copy.

    :param key: secret bytes; the same key and the same values give the same masks
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, values: Mapping[Kind, Iterable[str]]) -> dict[Kind, dict[str, str]]:
        """The mask of every value, by its kind. All values of a copy are given at once: masks are numbered."""
        given = {kind: {value for value in values.get(kind, ()) if value} for kind in MAPPED}
        numbers = self._numbered(given[Kind.NAME], plain_name)
        names = {name: f"Contacto {number:05d}" for name, number in numbers.items()}
        return {
            Kind.NAME: {value: names[plain_name(value)] for value in given[Kind.NAME]},
            Kind.NAMES: self._composites(given[Kind.NAMES], names),
            Kind.RUT: self._ruts(given[Kind.RUT]),
            Kind.EMAIL: self._emails(given[Kind.EMAIL]),
            Kind.PHONE: self._spelled(given[Kind.PHONE], plain_phone, lambda n: f"+56 9 0{n:07d}"),
            Kind.ACCOUNT: self._spelled(given[Kind.ACCOUNT], plain_account, lambda n: f"000{n:09d}"),
        }

    def _numbered(self, values: Iterable[str], plain: Callable[[str], str]) -> dict[str, int]:
        """Each plain value's place in an order that only the key knows, from 1. No two share one."""
        ordered = sorted({plain(value) for value in values}, key=lambda one: (self._digest(one), one))
        return {value: number for number, value in enumerate(ordered, 1)}

    def _digest(self, text: str) -> bytes:
        return hmac.digest(self._key, text.encode(), "sha256")

    def _spelled(self, values: set[str], plain: Callable[[str], str], spell: Callable[[int], str]) -> dict[str, str]:
        numbers = self._numbered(values, plain)
        return {value: spell(numbers[plain(value)]) for value in values}

    def _composites(self, values: set[str], names: Mapping[str, str]) -> dict[str, str]:
        """Of "Company, Person" both are known: it is theirs joined. What is not known gets a number of its own."""
        unknown, found = set(), {}
        for value in values:
            mask = names.get(plain_name(value)) or _joined(value, names)
            if mask is None:
                unknown.add(value)
            else:
                found[value] = mask
        return found | self._spelled(unknown, plain_name, lambda n: f"Contacto N{n:05d}")

    def _ruts(self, values: set[str]) -> dict[str, str]:
        """A valid RUT becomes another that is valid and that no row of this copy had. What is none becomes none."""
        bodies = {value: body for value in values if (body := rut_body(value)) is not None}
        numbers = self._numbered(bodies.values(), str)
        free = {_PERSONS: _PERSONS, _COMPANIES: _COMPANIES}
        taken, masks = set(bodies.values()) | GENERIC, {}
        for body in numbers:  # in the key's order
            if body in GENERIC:
                masks[body] = body
                continue
            side = _PERSONS if int(body) < _BORDER else _COMPANIES
            while str(free[side]) in taken:
                free[side] += 1
            masks[body] = str(free[side])
            free[side] += 1
        valid = {value: spelled_rut(masks[body]) for value, body in bodies.items()}
        others = values - valid.keys()
        return valid | self._spelled(others, plain_account, lambda n: f"SIN-RUT-{n:05d}")

    def _emails(self, values: set[str]) -> dict[str, str]:
        found = {value: [one.lower() for one in _ADDRESS.findall(value)] for value in values}
        numbers = self._numbered((one for many in found.values() for one in many), str)

        def mask(value: str) -> str:
            if many := dict.fromkeys(found[value]):
                return ", ".join(f"persona{numbers[one]:05d}@{DOMAIN}" for one in many)
            # a placeholder of a template is nobody's address
            return value if _TEMPLATE.search(value) else f"nadie@{DOMAIN}"

        return {value: mask(value) for value in values}


def rut_body(text: str) -> str | None:
    """The figures before the check digit, without zeros in front; None if it is no valid RUT."""
    compact = re.sub(r"[.\s-]", "", text).upper().removeprefix("CL").lstrip("0")
    if _RUT.fullmatch(compact) is None or stdnum_rut.calc_check_digit(compact[:-1]) != compact[-1]:
        return None
    return compact[:-1]


def spelled_rut(body: str) -> str:
    """With its check digit, in normal form: 76123456-0."""
    return f"{body}-{stdnum_rut.calc_check_digit(body)}"


def plain_name(text: str) -> str:
    """The SII writes names in capitals, Odoo as they were typed: both are one."""
    return " ".join(text.split()).casefold()


def plain_phone(text: str) -> str:
    """Its last nine figures, which is all of a number in Chile; of what has fewer than six, the text."""
    figures = re.sub(r"[^0-9]", "", text)
    return figures[-9:] if len(figures) >= 6 else text.strip()


def plain_account(text: str) -> str:
    """Letters and figures, as Odoo compares bank accounts."""
    return re.sub(r"\W", "", text).upper()


def _joined(value: str, names: Mapping[str, str]) -> str | None:
    """ "Company, Person": a company's own name may hold commas, so each is tried."""
    for comma in re.finditer(r",\s*", value):
        first, second = (names.get(plain_name(part)) for part in (value[: comma.start()], value[comma.end() :]))
        if first and second:
            return f"{first}, {second}"
    return None
