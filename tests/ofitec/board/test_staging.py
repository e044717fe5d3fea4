"""What the board and the metrics say of staging copies: which stands, that one failed, nothing where there are none."""

from datetime import datetime, timedelta

from ofitec.ledger import Ledger, staging
from tests.ofitec.board.past import ENV, backup
from tests.ofitec.board.test_metrics import of
from tests.ofitec.board.test_page import text_of

SNAPSHOT, FAILED = "ofitec_staging_snapshot_timestamp_seconds", "ofitec_staging_failed"


def begin(ledger: Ledger, at: datetime, copy: str) -> int:
    number = staging.start(ledger, env=ENV, server="db:5432", database="odoo_staging", run_id="r")
    staging.change(ledger, number, backup=f"{at:%Y%m%d}", snapshot_at=at, copy=copy)
    return number


def test_installations_without_any_are_silent(ledger: Ledger, now: datetime) -> None:
    with ledger.transaction() as session:
        session.add(backup(now))
    assert not [name for name, *_ in of(ledger, now) if name.startswith("ofitec_staging")]
    assert "Copia de pruebas" not in text_of(ledger, now)


def test_the_copy_that_stands_and_the_attempt_that_failed_since(ledger: Ledger, now: datetime) -> None:
    with ledger.transaction() as session:
        session.add(backup(now))
    yesterday = now - timedelta(days=1)
    assert staging.stands(ledger, begin(ledger, yesterday, "one"))
    found = of(ledger, now)
    assert (found[SNAPSHOT, ENV], found[FAILED, ENV]) == (yesterday.timestamp(), 0)
    # one that is under way is no failure
    number = begin(ledger, now, "two")
    assert of(ledger, now)[FAILED, ENV] == 0
    staging.failed(ledger, number, error="No Odoo today.", said="Hoy no hubo Odoo.")
    found = of(ledger, now)
    assert (found[SNAPSHOT, ENV], found[FAILED, ENV]) == (yesterday.timestamp(), 1)
    assert "Copia de pruebas: datos del 23 nov, 08:00" in text_of(ledger, now)
    assert "Hoy no hubo Odoo." in text_of(ledger, now)
    assert "No Odoo today." in text_of(ledger, now, "en")
    # the next one that stands takes its place
    assert not staging.stands(ledger, begin(ledger, now, "three"))
    found = of(ledger, now)
    assert (found[SNAPSHOT, ENV], found[FAILED, ENV]) == (now.timestamp(), 0)


def test_the_rows_follow_what_stands_on_the_server(ledger: Ledger, now: datetime) -> None:
    """A run that was killed between the two, and one whose end was told as a failure."""
    first, second = begin(ledger, now - timedelta(days=1), "one"), begin(ledger, now, "two")
    staging.stands(ledger, first)
    staging.agree(ledger, env=ENV, database="odoo_staging", copy="two")
    staging.failed(ledger, second, error="x", said="x")
    rows = {row.copy: row.outcome for row in staging.of_run(ledger, "r")}
    assert rows == {"one": staging.REPLACED, "two": staging.STANDING}
    staging.agree(ledger, env=ENV, database="odoo_staging", copy=None)
    assert {row.outcome for row in staging.of_run(ledger, "r")} == {staging.REPLACED, staging.REMOVED}
