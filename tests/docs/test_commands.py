"""The commands of the documents do what the documents say: each is run on the tests' stack, or marked with why not.

A block that another test runs names that test in the comment above it; promql runs in tests/monitoring.
"""

import re
from pathlib import Path

import psycopg2
import pytest

from dev.stack.local_stack import LEDGER_DATABASE
from dev.stack.services.postgres import Postgres
from tests.docs.blocks import DOCUMENTS, EXECUTED, LANGUAGES, ROOT, Code, all_blocks, commands, inline, name
from tests.docs.running import Installation, documents, faults

# beginnings of lines that belong into a block that is run
PROGRAMS = re.compile(r"(?m)^ *(?:docker|make|airflow|restic|psql|python3?|curl|pip|promtool|systemctl|export) ")
SQL = re.compile(r"(?:select|update|insert|delete) .+ ?(?:from|set|into) ", re.IGNORECASE)


def not_right(block: Code) -> str:
    """What a block lacks, or nothing."""
    if block.language not in LANGUAGES:
        return f"its language is one of {', '.join(sorted(LANGUAGES))}"
    if block.language == "text" and PROGRAMS.search(block.text):
        return "a command is no text: make it sh"
    if block.not_run and len(block.not_run.split()) < 4:
        return "why is it not run?"
    for path in re.findall(r"tests/[\w/]+(?:\.py)?", block.not_run):
        if not (ROOT / path).exists():
            return f"there is no {path}"
    if block.run_by and not ((test := ROOT / block.run_by).is_file() and block.document.name in test.read_text()):
        return f"{block.run_by} does not run it"
    return ""


def test_every_block_says_what_it_is() -> None:
    assert [f"{block}: {wrong}" for block in all_blocks() if (wrong := not_right(block))] == []


def test_most_of_what_can_be_executed_is() -> None:
    executed = [block for block in all_blocks() if block.language in EXECUTED]
    marked = [block for block in executed if block.not_run]
    assert len(marked) * 5 < len(executed)


@pytest.mark.parametrize("document", documents(), ids=name)
def test_its_commands_run(document: Path, installation: Installation) -> None:
    assert not (wrong := faults(installation, document)), "\n".join(wrong)


def test_the_slowest_requests_come_first(installation: Installation) -> None:
    [block] = [b for b in all_blocks() if b.document.stem == "OdooHighLatency" and "logs" in b.text]
    [command] = commands(block)
    assert [line.split()[4] for line in installation.run(command).out.splitlines()] == ["2210", "84", "30"]


def test_its_sql_runs(installation: Installation, postgres: Postgres) -> None:
    """Blocks are run, what stands in sentences is planned; nothing is kept."""
    whole = [block for block in all_blocks() if block.language == "sql" and not block.not_run]
    in_sentences = [code for document in DOCUMENTS for code in inline(document) if SQL.match(code.text)]
    assert whole and in_sentences
    wrong = []
    for code, prefix in [*((block, "") for block in whole), *((code, "EXPLAIN ") for code in in_sentences)]:
        with psycopg2.connect(postgres.dsn(LEDGER_DATABASE)) as conn, conn.cursor() as cursor:
            try:
                cursor.execute(prefix + code.text)
            except psycopg2.Error as error:
                wrong.append(f"{code}: {error}")
            conn.rollback()
    assert not wrong, "\n".join(wrong)
