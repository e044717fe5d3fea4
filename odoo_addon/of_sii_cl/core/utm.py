"""A table of UTM values as people have it: the SII's page pasted, a CSV of Excel, or plain ``month,value``.

One line a month; of its cells the first is the month and the second the UTM, what follows (UTA, IPC) is not read. Cells
are parted by tab, ``;``, ``|``, ``,`` or blanks. Numbers are Chilean: ``69.542``, ``$69.542,00``.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .period import first_day
from .pesos import pesos

# A UTM was 26.000 pesos in 2000. What lies outside is another column, a typing error, or thousands read as decimals.
LEAST, MOST = 10_000, 1_000_000
_MOST_REFUSED = 20
MOST_CHARACTERS = 200_000  # a table of fifty years has some 30,000
_MONTHS = (
    *("enero", "febrero", "marzo", "abril", "mayo", "junio"),
    *("julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"),
)
_SEPARATORS = ("\t", ";", "|", ",")
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})[-/](?P<month>\d{1,2})(?:[-/]0?1(?: 00:00(?::00)?)?)?")
_MONTH_FIRST = re.compile(r"(?:0?1[-/.])?(?P<month>\d{1,2})[-/.](?P<year>\d{4})")  # 01-08-2026 is the 1st of August
_NAMED = re.compile(r"(?P<name>[a-z]{3,10})\.?(?:[ /-]+(?:de(?:l)? )?(?P<year>\d{4}|\d{2}))?")
_PLAIN = re.compile(r"\$? ?(?P<whole>\d{1,3}(?:\.\d{3})+|\d+)(?:,0{1,2}|\.0{1,2})?")
# without a separator the month ends where an amount begins
_BLANKS = re.compile(r"(?P<month>[^\W\d]+\.?(?: (?:del? )?\d{4}(?= ))?|[\d/.-]+) (?P<value>\$? ?[\d.,]+).*")
_NOTHING = {"", "-", "--", "–", "—"}


@dataclass
class Table:
    """``values``: month (YYYY-MM) to whole pesos; ``pending``: months that stand there without a value yet;
    ``refused``: number of the line (from 1) and why, in Spanish."""

    values: dict[str, int] = field(default_factory=dict)
    pending: list[str] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)


def read(text: str, year: int, newest: str) -> Table:
    """Read a table; each line that is neither blank nor the heading gives a value, a pending month or a refusal.

    ``year``: of the lines that name none (the SII's page has it in its title); ``newest``: the last month (YYYY-MM) of
    which there can be a UTM.
    """
    table = Table()
    for number, cells in _rows(text):
        try:
            month = _known_month(cells[0], year, newest)
            value = _value(cells[1] if len(cells) > 1 else "")
        except ValueError as error:
            table.refused.append((number, str(error)))
            continue
        if value is None:
            table.pending.append(month)
        elif table.values.get(month, value) != value:
            table.refused.append((number, f"{month} ya viene en otra línea con otro valor ({table.values[month]})"))
        else:
            table.values[month] = value
    return table


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Number and cells of each line with something in it, but for the heading."""
    first = True
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        if not re.search(r"\w", line) or re.fullmatch(r"[\s|:-]+", line):
            continue
        cells = _cells(line)
        heading = first and not any(character.isdigit() for character in "".join(cells[1:2]))
        first = False
        if not (heading and _is_no_month(cells[0])):
            yield number, cells


def _cells(line: str) -> list[str]:
    separator = next((sign for sign in _SEPARATORS if sign in line.strip().strip("|")), None)
    if separator is None or (separator == "," and _BLANKS.fullmatch(_plain(line))):
        found = _BLANKS.fullmatch(_plain(line))
        return [found["month"], found["value"]] if found else [_plain(line)]
    if separator == "|":
        line = line.strip().strip("|")
    return [_plain(cell) for cell in next(csv.reader([line], delimiter=separator))]


def _plain(cell: str) -> str:
    return " ".join(cell.replace("\xa0", " ").split()).strip("\"' ")


def _is_no_month(cell: str) -> bool:
    try:
        _month(cell, 2000)
    except ValueError:
        return True
    return False


def _known_month(cell: str, year: int, newest: str) -> str:
    month = _month(cell, year)
    if month > newest:
        raise ValueError(f"la UTM de {month} todavía no puede conocerse: revise el año")
    return month


def _month(cell: str, year: int) -> str:
    text = cell.lower()
    if found := _YEAR_FIRST.fullmatch(text) or _MONTH_FIRST.fullmatch(text):
        return _checked(f"{int(found['year']):04d}-{int(found['month']):02d}", cell)
    named = _NAMED.fullmatch(text)
    word = named["name"].replace("setiembre", "septiembre").replace("set", "sep") if named else ""
    number = next((place for place, name in enumerate(_MONTHS, start=1) if word and name.startswith(word)), 0)
    if not named or not number:
        raise ValueError(f"«{cell}» no es un mes: use AAAA-MM, por ejemplo 2026-08, o su nombre")
    written = int(named["year"]) if named["year"] else year
    return _checked(f"{written + 2000 if written < 100 else written:04d}-{number:02d}", cell)


def _checked(month: str, cell: str) -> str:
    try:
        first_day(month)
    except ValueError:
        raise ValueError(f"«{cell}» no es un mes de este siglo") from None
    return month


def _value(cell: str) -> int | None:
    """Whole pesos; None for a month that has no value yet."""
    if cell in _NOTHING:
        return None
    found = _PLAIN.fullmatch(cell)
    if not found:
        raise ValueError(f"«{cell}» no es un monto en pesos: use 69542 o 69.542")
    value = int(found["whole"].replace(".", ""))
    if not LEAST <= value <= MOST:
        raise ValueError(f"«{cell}» no puede ser una UTM: va en pesos, por ejemplo 69.542")
    return value


def to_load(months: Sequence[str], remanente: int) -> str:
    """What is told of months without a UTM, before the form that needs them is computed."""
    return (
        f"Falta la UTM de {' y '.join(months)}: con ella se reajusta el remanente de {pesos(remanente)} en el código "
        "504 del F29 siguiente. Cárguela en Impuestos SII > Cargar la UTM."
    )


def refusal(refused: Sequence[tuple[int, str]]) -> str:
    """Why a table of UTM values was not taken in: each refused line with its number."""
    lines = [f"• línea {number}: {reason}" for number, reason in refused[:_MOST_REFUSED]]
    if len(refused) > _MOST_REFUSED:
        lines.append(f"… y {len(refused) - _MOST_REFUSED} líneas más.")
    return "No se cargó ninguna UTM: corrija estas líneas y cargue todo de nuevo.\n" + "\n".join(lines)


def loaded(new: Mapping[str, int], changed: Mapping[str, Sequence[int]], same: int, pending: Sequence[str]) -> str:
    """What loading a table of UTM values did, line by line."""
    lines = [f"{month}: {pesos(value)}" for month, value in new.items()]
    lines += [f"{month}: {pesos(before)} → {pesos(now)}" for month, (before, now) in changed.items()]
    if same:
        lines.append("1 mes ya estaba igual." if same == 1 else f"{same} meses ya estaban iguales.")
    if pending:
        lines.append(f"Sin valor todavía: {', '.join(pending)}.")
    if changed:
        lines.append("Los formularios abiertos toman un valor corregido al recalcular; los aprobados no cambian.")
    return "\n".join(lines)
