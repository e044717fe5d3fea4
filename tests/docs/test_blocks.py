"""The documents' blocks are found with their place, language and marker."""

from pathlib import Path

import pytest

from tests.docs import blocks as parser
from tests.docs.blocks import blocks, commands, inline

PAGE = """\
# Page
<!-- not run: a reason of four words -->
```sh
make demo   # a comment with a | and it's quote
```
1. Run

   <!-- run by: tests/x.py -->
   ```sh
   # first
   a 'b|c' \\
     d; e | f
   g
   ```

   Expected: `Up ... (healthy)`. Else `h`.
```
bare
```
"""


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(parser, "ROOT", tmp_path)
    file = tmp_path / "page.md"
    file.write_text(PAGE)
    return file


def test_blocks_know_their_place_language_and_marker(page: Path) -> None:
    demo, steps, bare = blocks(page)
    assert (str(demo), demo.language, demo.not_run) == ("page.md:4", "sh", "a reason of four words")
    assert (str(steps), steps.run_by, steps.promised) == ("page.md:10", "tests/x.py", "Up ... (healthy)")
    assert (bare.language, bare.text, bare.not_run + bare.run_by + bare.promised) == ("", "bare", "")


def test_commands_are_split_as_a_shell_does(page: Path) -> None:
    demo, steps, _ = blocks(page)
    [made] = commands(demo)
    assert made.words == ["make", "demo"]
    first, second = commands(steps)
    assert (str(first), first.words, first.rest) == ("page.md:11", ["a", "b|c", "d"], "; e | f")
    assert (str(second), second.text) == ("page.md:13", "g")


def test_code_in_sentences_stands_outside_of_blocks(page: Path) -> None:
    assert [(code.line, code.text) for code in inline(page)] == [(16, "Up ... (healthy)"), (16, "h")]


def test_a_block_without_end_is_an_error(page: Path) -> None:
    page.write_text("```sh\nx\n")
    with pytest.raises(AssertionError, match=r"page.md:1"):
        list(blocks(page))
