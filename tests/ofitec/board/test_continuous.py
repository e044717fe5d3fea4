"""What the board and the metrics say of the backup between two nights: seconds that would be lost; nothing if off."""

from datetime import datetime, timedelta

from ofitec.ledger import Ledger, continuous
from tests.ofitec.board.past import ENV, backup
from tests.ofitec.board.test_metrics import of
from tests.ofitec.board.test_page import text_of

RPO = "ofitec_continuous_rpo_seconds"


def look(ledger: Ledger, outcome: str = continuous.DONE, **values: object) -> None:
    continuous.end(ledger, continuous.start(ledger, env=ENV, run_id="r"), outcome, **values)


def names(ledger: Ledger, now: datetime) -> set[str]:
    return {name for name, *_ in of(ledger, now) if name.startswith("ofitec_continuous")}


def test_installations_without_it_are_silent(ledger: Ledger, now: datetime) -> None:
    with ledger.transaction() as session:
        session.add(backup(now))
    continuous.switched_off(ledger, env=ENV, run_id="r")
    assert names(ledger, now) == set()
    assert "respaldo continuo" not in text_of(ledger, now)


def test_the_older_of_rows_and_files_is_what_would_be_lost(ledger: Ledger, now: datetime) -> None:
    with ledger.transaction() as session:
        session.add(backup(now - timedelta(hours=5)))
    before = timedelta(seconds=40)
    look(ledger, archived_at=now - before, files_at=now - timedelta(seconds=250), missing=0, repository_up=True)
    assert of(ledger, now)[RPO, ENV] == 250
    assert "Se perdería ahora (respaldo continuo)" in text_of(ledger, now)
    assert "250 s a lo más" in text_of(ledger, now)
    assert "250 s at most" in text_of(ledger, now, "en")
    # a look that saved no files and read nothing takes nothing back
    look(ledger, continuous.FAILED, error="Away.", said="No responde.", repository_up=False)
    found = of(ledger, now)
    assert (found[RPO, ENV], found["ofitec_continuous_repository_up", ENV]) == (250, 0)
    assert "No responde." in text_of(ledger, now)
    assert "Away." in text_of(ledger, now, "en")


def test_what_is_not_known_is_not_told(ledger: Ledger, now: datetime) -> None:
    """Nothing of a host's pushing, nor of what would be lost, before any of it was seen."""
    with ledger.transaction() as session:
        session.add(backup(now - timedelta(hours=5)))
    look(ledger, continuous.FAILED, error="PostgreSQL is down.")
    found = names(ledger, now)
    assert "ofitec_continuous_begun_timestamp_seconds" in found
    # the night's files are saved, no WAL is
    assert not found & {RPO, "ofitec_continuous_push_failed", "ofitec_continuous_archived_timestamp_seconds"}
    assert "sin datos" in text_of(ledger, now)


def test_a_nights_files_count(ledger: Ledger, now: datetime) -> None:
    with ledger.transaction() as session:
        session.add(night := backup(now - timedelta(minutes=1)))
    look(ledger, archived_at=now, files_at=now - timedelta(hours=3))
    assert night.snapshot_at is not None
    assert of(ledger, now)[RPO, ENV] == (now - night.snapshot_at).total_seconds()


def test_switched_off_and_on_again_is_a_new_beginning(ledger: Ledger, now: datetime) -> None:
    with ledger.transaction() as session:
        session.add(backup(now - timedelta(hours=5)))
    look(ledger, archived_at=now - timedelta(days=9), base_at=now - timedelta(days=9))
    continuous.switched_off(ledger, env=ENV, run_id="off")
    continuous.switched_off(ledger, env=ENV, run_id="off again")
    assert names(ledger, now) == set()
    look(ledger)
    assert not names(ledger, now) & {RPO, "ofitec_continuous_base_timestamp_seconds"}


def test_a_failure_that_stays_is_told_once_until_a_good_look(ledger: Ledger, now: datetime) -> None:
    since = now - timedelta(days=3650)

    def told(kind: str = "ArchiveAway") -> bool:
        return continuous.told_lately(ledger, env=ENV, kind=kind, since=since)

    look(ledger, continuous.FAILED, kind="ArchiveAway")
    assert not told()
    continuous.note_failure(ledger, env=ENV, run_id="r", kind="ArchiveAway", said="x", error="x", told=True)
    look(ledger, continuous.FAILED, kind="ArchiveAway")
    assert told()
    assert not told("ArchiveFull")
    look(ledger)
    assert not told()


def test_a_failure_before_any_look_is_a_row_too(ledger: Ledger) -> None:
    said = "No connection."
    continuous.note_failure(ledger, env=ENV, run_id="none", kind="InputError", said="x", error=said, told=True)
    with ledger.transaction() as session:
        assert continuous.read(session)[ENV].look.error == said
