"""The SII's register of purchases and sales (RCV), one downloaded file at a time, line by line in flat memory.

Every line after the header that is not blank is either read or refused with its number and a reason. Further rows of a
document, one for each other tax, go into the document without counting its net and IVA again.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from .rcv_detail import DetailReader
from .rcv_document import Document, Reader
from .rcv_fields import Refusal
from .rcv_layout import NO_REGISTER, Layout, layout_of
from .rcv_totals import FeesReader, SummaryReader

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NAMED = re.compile(r"(?<!\d)(\d{7,8})(?:-?[\dkK])?_(20\d{2})(0[1-9]|1[0-2])(?!\d)", re.ASCII)


class Refused(NamedTuple):
    """A line that was not read. ``line``: counted from 1, the header too; ``reason``: one sentence in Spanish."""

    line: int
    reason: str


def named_in(filename: str) -> tuple[str, str]:
    """(digits of the RUT, period) that a download's name says, ("", "") when it says none:
    ``RCV_COMPRA_REGISTRO_76123456-0_202607.csv`` -> ``("76123456", "2026-07")``."""
    match = _NAMED.search(filename)
    return (match[1].lstrip("0"), f"{match[2]}-{match[3]}") if match else ("", "")


class Register:
    """One file of the register. Iterating gives its documents, once; afterwards ``rows`` says how many lines were read
    and ``refused`` lists the others.

    :param stream: an open file, of bytes (UTF-8 with or without its mark, line by line Latin-1 failing that) or text
    :raises ValueError: it is no register at all (one line in Spanish)
    """

    def __init__(self, stream: Iterable[bytes] | Iterable[str]) -> None:
        self.rows = 0
        self.refused: list[Refused] = []
        self._lines = _lines(stream)
        self.layout = self._read_header()

    @property
    def section(self) -> str:
        """sales, purchases, pending, not_included, claimed, summary or honorarios."""
        return self.layout.section

    def _read_header(self) -> Layout:
        for _number, line in self._lines:
            if line.strip():
                return layout_of(_split(line))
        raise ValueError(NO_REGISTER.format(why="está vacío"))

    def __iter__(self) -> Iterator[Document]:
        kinds: dict[str, type[Reader]] = {"summary": SummaryReader, "honorarios": FeesReader}
        reader = kinds.get(self.section, DetailReader)(self.layout)
        for number, line in self._lines:
            if not line or line.isspace():
                continue
            try:
                done = reader.take(number, _split(_whole(line)))
            except Refusal as refusal:
                self.refused.append(Refused(number, str(refusal)))
                reader.after_refusal()
                continue
            self.rows += 1
            if done is not None:
                yield done
        if (last := reader.last()) is not None:
            yield last


def _lines(stream: Iterable[bytes] | Iterable[str]) -> Iterator[tuple[int, str]]:
    """Numbered lines without their ends."""
    number = 0
    for raw in stream:
        for part in _parts(raw):
            number += 1
            yield number, part.lstrip("\ufeff") if number == 1 else part


def _parts(raw: bytes | str) -> Sequence[str]:
    """The lines of what ends in a newline: a lone carriage return ends one too. Each is decoded by itself."""
    if isinstance(raw, str):
        line = raw.rstrip("\r\n")
        return line.split("\r") if "\r" in line else (line,)
    content = raw.rstrip(b"\r\n")
    return [_decoded(part) for part in content.split(b"\r")] if b"\r" in content else (_decoded(content),)


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _whole(line: str) -> str:
    """The line, where it holds data and no control characters; else Refusal."""
    if not line.strip("; \t"):
        raise Refusal("La línea no trae datos.")
    if not line.isprintable() and _CONTROL.search(line):
        raise Refusal("La línea trae caracteres de control: el archivo está dañado.")
    return line


def _split(line: str) -> list[str]:
    if '"' not in line:
        return line.split(";")
    # one line alone: a stray quote must not swallow those that follow
    try:
        return next(csv.reader([line], delimiter=";"), [""])
    except csv.Error:
        return line.split(";")
