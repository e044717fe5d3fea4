import re
import time
from pathlib import Path

import pytest

from dev.stack.machine import progress


def test_a_step_ends_with_a_tick_and_its_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.step("PostgreSQL") as step:
        step.detail = "15"
    assert re.fullmatch(r"  ✓ PostgreSQL \(15\)  0\.\d s\n", capsys.readouterr().err)


def test_a_step_that_fails_ends_with_a_cross_and_lets_the_error_through(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="no"), progress.step("Odoo"):
        raise ValueError("no")
    assert "✗ Odoo" in capsys.readouterr().err


def test_a_long_step_is_announced_with_what_its_log_says(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    log = tmp_path / "odoo.log"
    log.write_text("Loading module old (1/9)\n")
    with progress.step("Odoo") as step:
        step.follow(log, r"Loading module (\S+ \(\d+/\d+\))")
        with log.open("a") as lines:
            lines.write("Loading module base (1/54)\nLoading module web (4/54)\n")
        time.sleep(progress.ANNOUNCE + 1.2)
    printed = capsys.readouterr().err
    assert re.search(r"  … Odoo \(web \(4/54\)\)  \d s\n", printed)
    assert printed.endswith(" s\n")
