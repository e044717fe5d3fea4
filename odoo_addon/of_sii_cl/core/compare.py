"""A form that others made beside ours: the SII's propuesta, a filed form, or a file of this project.

Four shapes, told by what is in the file: ``{"listCodPropuestos": [{"codigo", "valor"}]}`` (the propuesta, in whatever
envelope), ``{"campos": {"089": "0"}}`` (a filed form, códigos padded with zeros), ``{"casillas": {"502": 1}}`` (ours,
JSON), and a table ``casilla,monto`` (CSV with ``,``, ``;`` or tab).
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, TypedDict

from .codes import codes
from .rut import normalize_rut

RUT, FOLIO, PERIOD = 3, 7, 15
# Who declares and when: names, address, e-mail, legal representative, date of the filing.
IDENTITY = frozenset({1, 2, RUT, 5, 6, FOLIO, 8, PERIOD, 55, 314, 315})
ADMINISTRATIVE = 9000  # from here on the SII's own, with the amounts of other códigos again
LIMIT = 10**15
MOST_CHARACTERS = 2_000_000  # a form has a few thousand
HEADINGS = {"casilla", "codigo", "código", "code"}
NO_FORM = "El archivo no trae códigos de un F29: use la propuesta o lo declarado en JSON, o un CSV «casilla,monto»."

Amount = int | Decimal


class Refused(TypedDict):
    """A código, as written, that is no amount of the form, and why."""

    code: str
    reason: str


class Row(TypedDict):
    """One código on both sides. ``difference``: ours - theirs."""

    ours: int | float
    theirs: int | float
    difference: int | float


class SideBySide(TypedDict):
    """Códigos as text, in numeric order. ``equal``: how many have no difference; ``only_ours`` and ``only_theirs``:
    those that the other side does not have at all."""

    codes: dict[str, Row]
    equal: int
    only_ours: list[str]
    only_theirs: list[str]


@dataclass
class GivenForm:
    """A form as a file gives it. ``source``: ``propuesta``, ``filed`` or ``own``; ``rut`` in normal form and ``period``
    YYYY-MM, empty when the file does not say; ``codes``: whole pesos or documents, 115 a Decimal of percent."""

    source: str
    rut: str = ""
    period: str = ""
    codes: dict[int, Amount] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)


def parse(content: str) -> GivenForm:
    """Read a form. Raises ValueError (one line in Spanish) when the text is none, or its RUT or period is not one.

    What is read of a form that holds more is never guessed: a código that is unknown (and not 0), twice with two
    amounts, or no whole number is in ``refused``.
    """
    text = content.removeprefix("\ufeff").strip()
    if not text:
        raise ValueError("El archivo está vacío: vuelva a descargarlo.")
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"El archivo tiene {len(text)} caracteres y un F29 no pasa de unos miles: elija otro.")
    form = _from_json(text) if text[0] in "{[" else _from_table(text)
    if not form.codes and not form.refused:
        raise ValueError(NO_FORM)
    return form


def _from_json(text: str) -> GivenForm:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("El archivo empieza como JSON y no lo es: vuelva a descargarlo.") from None
    found = _holder(data, "listCodPropuestos", list)
    if found is not None:
        form = GivenForm("propuesta")
        base = found.get("listCodBase")
        _read(form, (*_pairs(base), *_pairs(found["listCodPropuestos"])))
        return form
    found = _holder(data, "campos", dict)
    if found is not None:
        return _read(GivenForm("filed"), found["campos"].items())
    found = _holder(data, "casillas", dict)
    if found is not None:
        heading = ((RUT, found.get("rut")), (PERIOD, found.get("period")))
        return _read(GivenForm("own"), (*heading, *found["casillas"].items()))
    if isinstance(data, list):
        return _read(GivenForm("propuesta"), _pairs(data))
    if isinstance(data, dict) and data and all(re.fullmatch("[0-9]{1,4}", key) for key in data):
        return _read(GivenForm("own"), data.items())
    raise ValueError(NO_FORM)


def _holder(data: object, key: str, kind: type) -> dict[str, Any] | None:
    """The first object, from the outermost inwards, that holds ``key`` with a value of that kind."""
    level = [data]
    while level:
        for one in level:
            if isinstance(one, dict) and isinstance(one.get(key), kind):
                return one
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return None


def _pairs(rows: object) -> Iterator[tuple[object, object]]:
    """(código, value) of ``[{"codigo", "valor"}]``."""
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and "codigo" in row:
            yield row["codigo"], row.get("valor")


def _from_table(text: str) -> GivenForm:
    first = text.splitlines()[0]
    delimiter = next((mark for mark in ";\t" if mark in first), ",")
    try:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if len(row) > 1]
    except csv.Error:
        raise ValueError(NO_FORM) from None
    if rows and rows[0][0].strip().lower() in HEADINGS:
        rows = rows[1:]
    if not rows or not any(re.fullmatch(r"\s*[0-9]{1,4}\s*", row[0]) for row in rows):
        raise ValueError(NO_FORM)
    filed = any(row[0].strip().lstrip("0") in (str(FOLIO), str(PERIOD)) for row in rows)
    return _read(GivenForm("filed" if filed else "own"), ((row[0].strip(), row[1]) for row in rows))


def _read(form: GivenForm, pairs: Iterable[tuple[object, object]]) -> GivenForm:
    known = codes()
    for written, value in pairs:
        text = str(written).strip()
        code = int(text) if re.fullmatch("[0-9]{1,4}", text) else None
        if code in IDENTITY:
            _identify(form, code, value)
            continue
        if (code is not None and code >= ADMINISTRATIVE) or _is_empty(value):
            continue
        amount = _amount(value, known[code].kind == "rate" if code in known else False)
        reason = None
        if code not in known:
            reason = None if amount == 0 else "no es un código del F29 que aquí se calcule o ingrese"
        elif amount is None:
            reason = f"«{str(value)[:30]}» no es un monto en pesos enteros"
        elif form.codes.get(code, amount) != amount:
            reason = f"viene dos veces, con {form.codes[code]} y con {amount}: se tomó el primero"
        else:
            form.codes[code] = amount
        if reason:
            form.refused.append(Refused(code=text[:12], reason=reason))
    return form


def _identify(form: GivenForm, code: int | None, value: object) -> None:
    if code == RUT and not _is_empty(value):
        form.rut = normalize_rut(str(value)[:20])
    if code == PERIOD and not _is_empty(value):
        form.period = _period(str(value)[:20].strip())


def _period(text: str) -> str:
    """``201812``, ``2018-12``, ``12-2018`` -> ``2018-12``."""
    match = re.fullmatch(r"(20[0-9]{2})[-/]?(0[1-9]|1[0-2])", text)
    if match:
        return f"{match[1]}-{match[2]}"
    match = re.fullmatch(r"(0[1-9]|1[0-2])[-/]?(20[0-9]{2})", text)
    if match:
        return f"{match[2]}-{match[1]}"
    raise ValueError(f"El código 15 del archivo, «{text}», no es un período como 202608.")


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _amount(value: object, is_rate: bool) -> Amount | None:
    """A whole number, or for a rate a Decimal; None when the value is neither. ``1.234`` is one thousand and so on."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = re.sub(r"[\s$]", "", str(value)) if isinstance(value, str) else repr(value)
    if is_rate:
        text = text.removesuffix("%").replace(",", ".")
    elif isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,3}(\.[0-9]{3})+", text):
        text = text.replace(".", "")
    try:
        number = Decimal(text) if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]{1,3})?", text) else None
    except InvalidOperation:
        return None
    if number is None or abs(number) >= LIMIT:
        return None
    if is_rate:
        return round(number, 3)
    return int(number) if number == int(number) else None


def parse_of(content: str, rut: str, period: str | None) -> GivenForm:
    """Read a form of this RUT and period; None: of whatever period the file says. Raises ValueError as parse does, and
    for a form of another RUT or period."""
    form = parse(content)
    if form.rut and form.rut != rut:
        raise ValueError(
            f"El archivo es del RUT {form.rut} y la empresa tiene el RUT {rut}: elija el archivo de esta empresa."
        )
    if period is None and not form.period:
        raise ValueError("El archivo no dice su período (código 15): use el formulario declarado completo.")
    if period is not None and form.period not in ("", period):
        raise ValueError(
            f"El archivo es del período {form.period} y se compara con {period}: elija el archivo de ese mes."
        )
    return form


def side_by_side(ours: Mapping[int, Amount], given: GivenForm) -> SideBySide:
    """Our códigos beside the file's, an absent one being 0. What is 0 on one and absent on the other is nothing."""
    theirs = given.codes
    shown = [
        code
        for code in sorted({*ours, *theirs})
        if ours.get(code) or theirs.get(code) or (code in ours and code in theirs)
    ]
    return {
        "codes": {
            str(code): Row(
                ours=_plain(ours.get(code, 0)),
                theirs=_plain(theirs.get(code, 0)),
                difference=_plain(ours.get(code, 0) - theirs.get(code, 0)),
            )
            for code in shown
        },
        "equal": sum(ours.get(code, 0) == theirs.get(code, 0) for code in shown),
        "only_ours": [str(code) for code in shown if code not in theirs],
        "only_theirs": [str(code) for code in shown if code not in ours],
    }


def _plain(amount: Amount) -> int | float:
    """As a client of RPC takes it: 115, the one Decimal, is a float."""
    return float(amount) if isinstance(amount, Decimal) else amount
