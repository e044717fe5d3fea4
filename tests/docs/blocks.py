"""The documents' fenced blocks and the code in their sentences, each with its place. Pure: nothing is run here."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("odoo_addon/*.md")])
# what is executed, and what is only read
EXECUTED = {"sh", "sql", "promql"}
LANGUAGES = EXECUTED | {"text"}

_FENCE = re.compile(r"^( *)```(\S*) *$")
_MARKER = re.compile(r"^ *<!-- (not run|run by): (.+) -->$")
_PROMISE = re.compile(r"\s*(?:Expected|Esperado): `([^`]+)`")
_CODE = re.compile(r"`([^`\n]+)`")
# up to the first | or ; that no quotes hold
_FIRST = re.compile(r"""(?:[^|;'"]|'[^']*'|"(?:\\.|[^"\\])*")*""", re.DOTALL)


@dataclass(frozen=True)
class Code:
    """A piece of code in a document: a block, a command of it, or what stands in backticks."""

    document: Path
    line: int  # of its first character, from 1
    language: str  # empty for a block that names none
    text: str
    not_run: str = ""  # why, if it is marked so
    run_by: str = ""  # the test that runs it, if it is marked so
    promised: str = ""  # what it says where all is well, by the literal that the sentence below begins with

    def __str__(self) -> str:
        return f"{name(self.document)}:{self.line}"

    @property
    def words(self) -> list[str]:
        """The words of its first program, as a shell would pass them on; what follows a | or ; is left out."""
        return shlex.split(self.first, comments=True)

    @property
    def first(self) -> str:
        """The text of its first program."""
        found = _FIRST.match(self.text)
        return found.group() if found else ""

    @property
    def rest(self) -> str:
        """What follows the first program, with its | or ;"""
        return self.text[len(self.first) :]


def name(document: Path) -> str:
    """The document's path from the root of the repository."""
    return str(document.relative_to(ROOT))


def blocks(document: Path) -> Iterator[Code]:
    """The fenced blocks, without the indentation of their fence; a marker stands in the line above it."""
    lines = document.read_text(encoding="utf-8").splitlines()
    begun: tuple[int, str, str] | None = None
    for number, line in enumerate(lines):
        if not (fence := _FENCE.match(line)):
            continue
        if begun is None:
            begun = number, fence.group(1), fence.group(2)
            continue
        start, indent, language = begun
        begun = None
        text = "\n".join(row.removeprefix(indent) for row in lines[start + 1 : number])
        marker = _MARKER.match(lines[start - 1]) if start else None
        kind, value = marker.groups() if marker else ("", "")
        below = _PROMISE.match("\n".join(lines[number + 1 : number + 3]))
        yield Code(
            document,
            start + 2,
            language,
            text,
            not_run=value if kind == "not run" else "",
            run_by=value if kind == "run by" else "",
            promised=below.group(1) if below else "",
        )
    assert begun is None, f"{name(document)}:{begun[0] + 1}: a block without end" if begun else ""


def commands(block: Code) -> Iterator[Code]:
    """The commands of a shell block: one a line, a line that ends in a backslash goes on. Comments are left out."""
    number, so_far = block.line, ""
    for offset, line in enumerate(block.text.splitlines()):
        number = number if so_far else block.line + offset
        so_far += line
        if so_far.endswith("\\"):
            so_far = so_far.removesuffix("\\")
        elif shlex.split(so_far, comments=True):
            yield replace(block, line=number, text=so_far, promised="")
            so_far = ""
        else:
            so_far = ""


def inline(document: Path) -> Iterator[Code]:
    """What stands in backticks outside of blocks."""
    fenced = False
    for number, line in enumerate(document.read_text(encoding="utf-8").splitlines(), 1):
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            for found in _CODE.finditer(line):
                yield Code(document, number, "", found.group(1))


def all_blocks() -> list[Code]:
    """Every block of every document."""
    return [block for document in DOCUMENTS for block in blocks(document)]


def all_commands() -> list[Code]:
    """Every command of every shell block, and every text in backticks: what a reader could type."""
    shell = [command for block in all_blocks() if block.language == "sh" for command in commands(block)]
    return shell + [code for document in DOCUMENTS for code in inline(document)]
