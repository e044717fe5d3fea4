"""One look: what it saves, what it reads, what it leaves alone, and what it says when something is wrong."""

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ofitec.backup import nightly, retention
from ofitec.backup.attachments import FilesMissing
from ofitec.backup.job import Job
from ofitec.clients.pgbackrest_errors import ArchiveAway, ArchiveDamaged, ArchiveKeyWrong, ArchiveOfOther
from ofitec.clients.pgbackrest_records import Base
from ofitec.continuous import files, minutes, recovery, source
from ofitec.continuous.minutes import ArchivingFails, ArchivingOff, Rules, SegmentsMissing, due
from ofitec.ledger import backups, continuous
from ofitec.ledger.exclusive import REPOSITORY, held
from ofitec.ledger.tables import ContinuousLook
from tests.ofitec.backup.nights import back_up
from tests.ofitec.continuous.host import Host

pytestmark = pytest.mark.xdist_group("continuous")
NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


def newest(job: Job) -> ContinuousLook:
    with job.ledger.transaction() as session:
        return continuous.read(session)[job.env].look


def test_a_look_saves_the_files_and_says_what_is_archived(job: Job, host: Host, rules: Rules) -> None:
    before = datetime.now(UTC)
    found = minutes.look(job, host.archive, rules, run_id="r")
    row = newest(job)
    assert (row.id, row.outcome, row.missing, row.repository_up, row.failed_at) == (found.number, "done", 0, True, None)
    assert found.due is None
    assert row.files_at is not None
    assert row.files_at > before
    # its own mark is in the archive already, for our role may end a segment
    assert row.archived_at == row.mark_at
    [snapshot] = [s for s in job.restic.snapshots() if s.id == row.files_snapshot]
    assert snapshot.tags == {"ofitec-continuous", "env=prueba"}


def test_the_nights_know_nothing_of_it(job: Job, host: Host, rules: Rules) -> None:
    """Their retention removes none, misses none and takes none for a stranger's; their files serve as well as ours."""
    minutes.look(job, host.archive, rules, run_id="r")
    key = back_up(job)
    done = retention.apply(job, run_id="night")
    assert (done["kept"], done["removed"], done["strangers"]) == (1, [], [])
    assert nightly.preflight(job, run_id="next")["lost"] == []
    assert newest(job).files_snapshot in {found.id for found in job.restic.snapshots()}
    assert backups.newest_checked(job.ledger, job.env, job.restic.where) is not None
    assert key in {found.backup for found in recovery.snapshots(job)}


def test_while_another_works_the_files_wait_and_the_look_is_well(
    job: Job, host: Host, rules: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(minutes, "_WAIT", 0.0)
    with held(job.ledger, REPOSITORY, why="the night", wait=1):
        minutes.look(job, host.archive, rules, run_id="r")
    assert (newest(job).outcome, newest(job).files_at) == ("done", None)


def test_a_filestore_that_is_not_mounted_is_not_saved_and_the_archive_is_looked_at(
    job: Job, host: Host, rules: Rules, tmp_path: Path
) -> None:
    there = len(job.restic.snapshots(*files.tags(job)))
    with pytest.raises(FilesMissing, match="not mounted"):
        minutes.look(dataclasses.replace(job, filestore=tmp_path), host.archive, rules, run_id="r")
    row = newest(job)
    assert (row.outcome, row.kind, row.files_at, row.missing) == ("failed", "FilesMissing", None, 0)
    assert len(job.restic.snapshots(*files.tags(job))) == there


def test_snapshots_go_after_the_days_but_the_last_before_them(job: Job, host: Host) -> None:
    for number in range(3):
        minutes.look(job, host.archive, Rules(cluster=host.cluster), run_id=f"r{number}")
    before = job.restic.snapshots(*files.tags(job))
    assert len(before) > 3
    minutes.look(job, host.archive, Rules(keep=timedelta(0)), run_id="last")
    left = job.restic.snapshots(*files.tags(job))
    assert [found.id for found in left] == [newest(job).files_snapshot]
    assert [row.files_snapshot for row in continuous.snapshots(job.ledger, job.env, job.restic.where)] == [left[0].id]


def test_another_servers_archive_is_refused(job: Job, host: Host, rules: Rules) -> None:
    number = continuous.start(job.ledger, env=job.env, run_id="r")
    state = dataclasses.replace(source.look(job.database), system_id=4711)
    with pytest.raises(ArchiveOfOther, match="Odoo's is 4711: nothing of it is archived there"):
        minutes._read(job, host.archive, rules, number, state)
    continuous.end(job.ledger, number, continuous.FAILED)
    assert newest(job).archived_at is None


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"repository": {"path": "/no/hay/nada"}}, ArchiveAway),
        ({"passphrase": "otra frase, larga también"}, ArchiveKeyWrong),
    ],
)
def test_a_repository_that_cannot_be_read_is_said_so(
    job: Job, host: Host, rules: Rules, changed: dict[str, object], kind: type[Exception]
) -> None:
    with pytest.raises(kind) as error:
        minutes.look(job, dataclasses.replace(host.archive, **changed), rules, run_id="r")  # type: ignore[arg-type]
    assert host.archive.passphrase not in str(error.value)
    row = newest(job)
    assert (row.repository_up, row.archived_at) == (False, None)
    assert row.files_at is not None  # the files are saved all the same


def test_damage_in_the_archive_is_found_by_reading_it(host: Host) -> None:
    host.archive.verify()
    path = next(path for path in sorted(Path(host.archive.where).rglob("0000000100000000*-*")) if path.is_file())
    whole = path.read_bytes()
    path.write_bytes(whole[:500] + bytes([whole[500] ^ 1]) + whole[501:])
    try:
        with pytest.raises(ArchiveDamaged, match=r"total WAL checked: \d+, total valid WAL: \d+"):
            host.archive.verify()
    finally:
        path.write_bytes(whole)
    host.archive.verify()


def test_a_hole_is_told_and_the_next_base_backup_heals_it(job: Job, host: Host, rules: Rules) -> None:
    minutes.look(job, host.archive, rules, run_id="one")
    row = newest(job)
    hole, before = row.mark, row.archived_at
    assert hole is not None
    assert before is not None
    [segment] = list(Path(host.archive.where).rglob(f"*{hole:08X}-*"))
    segment.unlink()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(minutes, "_UNDER_WAY", timedelta(0))
        with pytest.raises(SegmentsMissing, match="1 segments of WAL are missing after base backup"):
            minutes.look(job, host.archive, rules, run_id="two")
        assert newest(job).missing == 1
        # what was archived before the hole stays, nothing after it counts
        reached = newest(job).archived_at
        assert reached is None or reached < before
        # the run itself makes the base backup that heals it, and says what was wrong
        with pytest.raises(SegmentsMissing):
            minutes.run(job, host.archive, rules, run_id="three")
    assert newest(job).missing == 0
    assert newest(job).archived_at == newest(job).mark_at


def base(kind: str, age: timedelta) -> Base:
    return Base(f"{kind}{age}", kind, NOW - age, "0" * 24, "0" * 24, "15-1", 1)


@pytest.mark.parametrize(
    ("bases", "missing", "expected"),
    [
        ([], 0, "full"),
        ([("full", 1)], 0, None),
        ([("full", 25)], 0, "incr"),
        ([("full", 25), ("incr", 2)], 0, None),
        ([("full", 25), ("incr", 2)], 1, "incr"),
        ([("full", 24 * 7), ("incr", 2)], 0, "full"),
        ([("incr", 2)], 0, "full"),
    ],
)
def test_which_base_backup_is_due(bases: list[tuple[str, int]], missing: int, expected: str | None) -> None:
    found = tuple(base(kind, timedelta(hours=hours)) for kind, hours in bases)
    assert due(found, Rules(), missing=missing, now=NOW) == expected


def state(**changed: object) -> source.Archiving:
    well = source.Archiving(NOW, "0" * 24, True, 2**24, 1, 0, None, "", True)
    return dataclasses.replace(well, **changed)  # type: ignore[arg-type]


def test_what_the_server_cannot_do_is_told_before_what_is_missing() -> None:
    newest_base = base("full", timedelta(0))
    off = minutes._wrong(state(on=False), 3, newest_base)
    assert isinstance(off, ArchivingOff)
    fails = minutes._wrong(state(failing=NOW, failed_wal="00FF", waiting=33_000_000), 3, newest_base)
    assert isinstance(fails, ArchivingFails)
    assert "cannot archive 00FF (last tried 2026-11-27 12:00:00 UTC); 33 MB wait" in str(fails)
    assert isinstance(minutes._wrong(state(), 3, newest_base), SegmentsMissing)
    assert minutes._wrong(state(), 0, newest_base) is None
    assert minutes._wrong(state(), 3, None) is None
