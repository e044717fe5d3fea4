"""A month of mornings, each after a day's work in production: no escape, no person, the same forms to the peso.

The days are those of the data: every morning's production has another day's invoices, with people nobody had seen.
`OFITEC_MORNINGS` says how many; thirty take about half an hour on two processors.
"""

import json
import os
import time
from pathlib import Path

import pytest

from dev.stack.local_stack import LocalStack
from ofitec.backup import proof
from ofitec.backup.job import Job
from ofitec.staging import keeping
from tests.ofitec.backup.nights import back_up
from tests.ofitec.staging import production
from tests.ofitec.staging.test_serve import call_out, served

MORNINGS = int(os.environ.get("OFITEC_MORNINGS", "30"))
DAY = Path(__file__).with_name("odoo_shell") / "day.py"


@pytest.mark.drill
@pytest.mark.timeout(7200)
def test_thirty_mornings(source: Job, local_stack: LocalStack, capsys: pytest.CaptureFixture[str]) -> None:
    parts, escapes, leaks, forms, over = local_stack.odoo_parts, 0, 0, 0, []
    for number in range(1, MORNINGS + 1):
        day = {"OFITEC_DAY": json.dumps({"number": number, "period": local_stack.period})}
        assert "day done" in parts.shell(source.database.name, DAY.read_text(), what="a day", env=day)
        before = production.forms(local_stack, source.database.name)
        known = production.private(source.database)
        begun = time.monotonic()
        proof.prove(source, back_up(source), run_id=f"night {number}", keep=True)
        proven = time.monotonic()
        done = production.make(source, run_id=f"morning {number}", refuse=True)
        over.append(time.monotonic() - proven)
        files = keeping.data_dir(source) / "filestore" / done.database
        leaks += len(production.leaked(source.scratch.on(done.database), files, known, parts.postgres.bin))
        after = production.forms(local_stack, done.database, "--data-dir", str(keeping.data_dir(source)))
        assert after == before
        forms += len(after)
        with served(source) as (port, watch):
            watch.open_a_way_out()
            call_out(port, done.database)
            escapes += watch.tried()
        with capsys.disabled():
            line = f"night {proven - begun:.1f} s, staging {over[-1]:.1f} s"
            line += f", {forms} forms, {leaks} leaks, {escapes} packets"
            print(f"\n  morning {number}: {line}", end="", flush=True)  # noqa: T201 - a drill tells how far it is
    assert (escapes, leaks) == (0, 0)
    assert len(over) == MORNINGS
