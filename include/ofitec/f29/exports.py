"""Checks of the three exported files before they leave: each must say exactly what the computed form says."""

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

from lxml import etree

from ofitec.errors import PermanentError
from ofitec.f29.form import PPM_RATE, F29Form

XSD = Path(__file__).with_name("f29.xsd")


def file_names(period: str) -> dict[str, str]:
    """Format to file name, e.g. {"csv": "F29_2026-08.csv", ...}."""
    return {fmt: f"F29_{period}.{fmt}" for fmt in ("csv", "json", "xml")}


def check(form: F29Form, files: dict[str, str]) -> None:
    """Compare the files with the form, and the XML with the XSD.

    :param files: format ("csv", "json", "xml") to text
    :raises PermanentError: names the file and the first código or XSD line that differs
    """
    expected: dict[str, int | Decimal] = {**form.casillas}
    if form.ppm_rate:
        expected[PPM_RATE] = form.ppm_rate
    readers = {"csv": _read_csv, "json": _read_json, "xml": _read_xml}
    for fmt, read in readers.items():
        try:
            found = read(files[fmt])
        except (ValueError, KeyError, ArithmeticError, etree.LxmlError) as error:
            raise PermanentError(
                f"Odoo's {fmt.upper()} export cannot be read: {error}. Nothing was delivered."
            ) from None
        if found != expected:
            wrong = sorted(k for k in found.keys() | expected.keys() if found.get(k) != expected.get(k))
            first = wrong[0]
            raise PermanentError(
                f"Odoo's {fmt.upper()} export differs from the form in {len(wrong)} códigos, first {first}: "
                f"{found.get(first)} against {expected.get(first)}. Nothing was delivered; run the period again."
            )


def _read_csv(text: str) -> dict[str, int | Decimal]:
    return {row["casilla"]: _number(row["casilla"], row["monto"]) for row in csv.DictReader(io.StringIO(text))}


def _read_json(text: str) -> dict[str, int | Decimal]:
    return {str(code): _number(str(code), str(amount)) for code, amount in json.loads(text)["casillas"].items()}


def _read_xml(text: str) -> dict[str, int | Decimal]:
    root = etree.fromstring(text.encode(), etree.XMLParser(resolve_entities=False, no_network=True))
    schema = etree.XMLSchema(etree.parse(XSD))
    schema.assertValid(root)
    return {node.get("num", ""): _number(node.get("num", ""), node.text or "") for node in root.iter("{*}Casilla")}


def _number(code: str, text: str) -> int | Decimal:
    """Raises ValueError or ArithmeticError (Decimal's own) for what is no number, or not whole and no rate."""
    return Decimal(text) if code == PPM_RATE else int(text)
