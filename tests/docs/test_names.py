"""What a document names exists: files, links, settings, commands, DAGs, metrics, alerts."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from dev.docs import reference
from ofitec.ledger.tables import Base
from ofitec.package.connection_types import CONNECTIONS
from ofitec.settings import Settings
from tests.docs.blocks import DOCUMENTS, ROOT, blocks, inline

LINK = re.compile(r"\]\(([^)\s]+)\)")
# what a reader could take for a file of this repository
FILE = re.compile(r"^(?:dags|plugins|include|dev|odoo_addon|tests|docs)/[\w./-]+$")

# what a reader could take for a DAG, a connection or a table of the ledger
NAME = re.compile(r"(?:f29|rcv|backup|secrets|restic|odoo|ofitec)_[a-z]+")


def anchor(heading: str) -> str:
    """The anchor that a heading gets, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().casefold()).replace(" ", "-")


def anchors(file: Path) -> set[str]:
    return {anchor(line.lstrip("#")) for line in file.read_text().splitlines() if line.startswith("#")}


def words(document: Path) -> Iterator[str]:
    """What stands in backticks, and the words of blocks."""
    for block in blocks(document):
        yield from block.text.split()
    for code in inline(document):
        yield code.text


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    for target in LINK.findall(document.read_text()):
        if re.match(r"^(https?|mailto):", target):
            continue
        path, _, fragment = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        assert file.exists(), f"{document.name} links to {target}"
        if fragment and file.suffix == ".md":
            assert fragment in anchors(file), f"{document.name} links to {target}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_named_files_exist(document: Path) -> None:
    named = {word.rstrip("/.,:;") for word in words(document) if FILE.match(word.rstrip(".,:;"))}
    assert {name for name in named if not (ROOT / name).exists()} == set()


def settings_of_this_repository() -> set[str]:
    """Settings, and the variables that compose files, the Makefile and the scripts read."""
    sources = [*ROOT.glob("docker-compose*.yml"), ROOT / "Makefile", *ROOT.glob("include/**/*.sh")]
    sources += [*ROOT.glob("include/**/*.py"), *ROOT.glob("dev/**/*.py"), *ROOT.glob("tests/**/*.py")]
    sources += [*ROOT.glob("include/**/*.yml"), ROOT / ".env.example"]
    read = set(re.findall(r"\bOFITEC_[A-Z_]+\b", "\n".join(file.read_text() for file in sources)))
    return read | {f"OFITEC_{name.upper()}" for name in Settings.model_fields}


def test_named_settings_exist() -> None:
    known = settings_of_this_repository()
    for document in DOCUMENTS:
        named = set(re.findall(r"\bOFITEC_[A-Z_]*[A-Z]\b", document.read_text()))
        assert named <= known, f"{document.name} names {named - known}"


def test_named_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for document in DOCUMENTS:
        named = set(re.findall(r"\bmake ([a-z]+)\b", " ".join(words(document))))
        assert named <= targets, f"{document.name} names {named - targets}"


def test_named_dags_connections_and_tables_exist() -> None:
    known = {file.stem for file in (ROOT / "dags").glob("*.py")} | {path.name for path in ROOT.iterdir()}
    known |= {connection.id for connection in CONNECTIONS}
    known |= {table.name for table in Base.metadata.sorted_tables}
    known |= {column.name for table in Base.metadata.sorted_tables for column in table.columns}
    for document in set(DOCUMENTS) - {reference.PAGE}:  # that page is made from them, and shows defaults beside them
        named = {word for word in words(document) if NAME.fullmatch(word)}
        assert named <= known, f"{document.name} names {named - known}"


def test_named_metrics_are_emitted() -> None:
    emitted = (ROOT / "include" / "ofitec" / "board" / "metrics.py").read_text()
    for document in DOCUMENTS:
        named = set(re.findall(r"\b(ofitec_[a-z_]+)\b", " ".join(words(document))))
        unknown = {n for n in named if n.endswith(("_seconds", "_bytes", "_total", "_timestamp")) and n not in emitted}
        assert unknown == set(), f"{document.name} names {unknown}"


def test_every_alert_has_its_runbook_and_every_runbook_its_alert_or_dag() -> None:
    alerts = set()
    for file in (ROOT / "include" / "monitoring" / "prometheus" / "rules").glob("*.yml"):
        for group in yaml.safe_load(file.read_text())["groups"]:
            alerts |= {rule["alert"] for rule in group["rules"] if "alert" in rule}
    dags = {file.stem for file in (ROOT / "dags").glob("*.py")}
    books = {file.stem for file in (ROOT / "docs" / "runbooks").glob("*.md")}
    assert books == alerts | dags
