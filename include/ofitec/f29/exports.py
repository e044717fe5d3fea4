"""Checks of the three exported files before they leave: each must say exactly what the computed form says."""

import csv
import io
import json
from pathlib import Path

from lxml import etree

from ofitec.errors import PermanentError
from ofitec.f29.form import F29Form

XSD = Path(__file__).with_name("f29.xsd")


def file_names(period: str) -> dict[str, str]:
    """Format to file name, e.g. {"csv": "F29_2026-08.csv", ...}."""
    return {fmt: f"F29_{period}.{fmt}" for fmt in ("csv", "json", "xml")}


def check(form: F29Form, files: dict[str, str]) -> None:
    """Compare the files with the form, and the XML with the XSD.

    :param files: format ("csv", "json", "xml") to text
    :raises PermanentError: names the file and the first código or XSD line that differs
    """
    readers = {"csv": _read_csv, "json": _read_json, "xml": _read_xml}
    for fmt, read in readers.items():
        try:
            found = read(files[fmt])
        except (ValueError, KeyError, etree.LxmlError) as error:
            raise PermanentError(
                f"Odoo's {fmt.upper()} export cannot be read: {error}. Nothing was delivered."
            ) from None
        if found != form.casillas:
            wrong = sorted(k for k in found.keys() | form.casillas.keys() if found.get(k) != form.casillas.get(k))
            first = wrong[0]
            raise PermanentError(
                f"Odoo's {fmt.upper()} export differs from the form in {len(wrong)} códigos, first {first}: "
                f"{found.get(first)} against {form.casillas.get(first)}. Nothing was delivered; run the period again."
            )


def _read_csv(text: str) -> dict[str, int]:
    return {row["casilla"]: int(row["monto"]) for row in csv.DictReader(io.StringIO(text))}


def _read_json(text: str) -> dict[str, int]:
    return {str(code): amount for code, amount in json.loads(text)["casillas"].items()}


def _read_xml(text: str) -> dict[str, int]:
    root = etree.fromstring(text.encode(), etree.XMLParser(resolve_entities=False, no_network=True))
    schema = etree.XMLSchema(etree.parse(XSD))
    schema.assertValid(root)
    return {node.get("num", ""): int(node.text or "") for node in root.iter("{*}Casilla")}
