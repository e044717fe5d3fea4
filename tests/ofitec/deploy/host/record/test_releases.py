"""What serves, and what served before."""

from dataclasses import replace

import pytest

from ofitec.deploy.host.record import releases
from ofitec.deploy.host.record.home import Home
from ofitec.deploy.host.record.releases import Release
from ofitec.errors import PermanentError


def test_the_record_knows_current_and_previous_and_counts_a_run_once(home: Home) -> None:
    with pytest.raises(PermanentError, match="Nothing was ever released"):
        _ = releases.load(home).current
    for run in ("a", "b", "b"):
        releases.add(home, Release(run=run, image=f"i@{run}", colour="blue", mode="CODE", at="", who=""))
    record = releases.load(home)
    assert (record.previous.run, record.current.run, len(record.releases)) == ("a", "b", 2)


def test_a_release_that_moves_to_the_other_colour_is_the_same_release(home: Home) -> None:
    for run in ("a", "b"):
        kept = f"odoo_before_{run}"
        releases.add(
            home,
            Release(run=run, image=f"i@{run}", colour="blue", mode="MIGRATE", at="then", who="Ana", kept_database=kept),
        )
    before = releases.load(home)
    for _ in range(2):  # `recover` may repeat it
        releases.move(home, "green")
    after = releases.load(home)
    assert after.previous == before.previous
    assert after.current == replace(before.current, colour="green")
