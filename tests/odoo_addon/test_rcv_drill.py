"""The reader of registers at length: a hundred thousand damaged copies, and beside a public reader by other people."""

import io
import json
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from core.rcv import Register
from core.rcv_document import Document

from dev.stack.machine.environment import python_with

from .registers import DETAILS, FILES, clean, damaged, lines_after_header, sample

pytestmark = pytest.mark.drill
CL_SII = Path(__file__).parent / "cl_sii"
COPIES = 100_000


def own_registers() -> dict[str, bytes]:
    """The shipped samples, and the downloads in the folder that RCV_SAMPLES names."""
    found = {name: sample(section) for section, name in FILES.items()}
    if folder := os.environ.get("RCV_SAMPLES"):
        found |= {path.name: path.read_bytes() for path in sorted(Path(folder).glob("*.csv"))}
    return found


def read(content: bytes) -> tuple[Register, list[Document]]:
    register = Register(io.BytesIO(content))
    return register, list(register)


def test_no_line_of_a_hundred_thousand_damaged_copies_is_lost(capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(20260701)
    originals = list(own_registers().values())
    counted: Counter[str] = Counter()
    for number in range(COPIES):
        content = damaged(originals[number % len(originals)], chance)
        register, _documents = read(content)
        assert register.rows + len(register.refused) == lines_after_header(content), content
        assert all(refused.reason and refused.line > 1 for refused in register.refused)
        counted.update(copies=1, lines=register.rows + len(register.refused), refused=len(register.refused))
    tell(capsys, f"{len(originals)} registers, {dict(counted)}")
    assert counted["refused"] > COPIES / 10  # the wounds are wounds


def tell(capsys: pytest.CaptureFixture[str], figures: str) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\n{figures}\n")


def unique(rows: list[list[object]]) -> list[list[object]]:
    return [row for place, row in enumerate(rows) if row not in rows[:place]]


def row(document: Document) -> list[object]:
    amounts = (document.exempt, document.net, document.vat, document.total)
    return [document.type, document.folio, document.rut, document.date, *amounts]


def test_an_independent_reader_agrees_on_every_file_that_it_accepts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """cl-sii (MIT, PyPI): the same documents from clean files; from damaged ones no line read otherwise, and what
    ours refuses beyond it is refused for a reason that is said."""
    chance = random.Random(7)
    for section in DETAILS:
        for number in range(60):
            content = clean(section, chance)
            (tmp_path / f"{section}-clean-{number}.csv").write_bytes(content)
            (tmp_path / f"{section}-damaged-{number}.csv").write_bytes(damaged(content, chance))
    python = python_with(CL_SII / "requirements.txt", "cl-sii", "cl-sii")
    answer = subprocess.run(
        [str(python), str(CL_SII / "read_register.py"), str(tmp_path)], capture_output=True, text=True, check=True
    )
    counted: Counter[str] = Counter()
    for name, theirs in json.loads(answer.stdout).items():
        kind = name.split("-")[1]
        counted[f"{kind} {'accepted' if theirs is not None else 'refused'}"] += 1
        if theirs is None:
            assert kind == "damaged", f"{name}: the other reader refuses a clean register"
            continue
        register, documents = read((tmp_path / name).read_bytes())
        ours = [row(document) for document in documents]
        if register.refused:
            assert kind == "damaged", register.refused
            counted["damaged, ours stricter"] += 1
            assert all(document in theirs for document in ours)
            assert len(ours) + len(register.refused) >= len(theirs)
        else:
            assert unique(ours) == unique(theirs), name  # a line that stands there twice is refused when it is loaded
    tell(capsys, ", ".join(f"{kind}: {count}" for kind, count in sorted(counted.items())))
    assert counted["clean accepted"] == 60 * len(DETAILS)
    assert counted["damaged accepted"] > 0
