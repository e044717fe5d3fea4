"""The nightly backup, as it should go."""

from ofitec.backup.job import DATABASE, FILESTORE, MANIFEST, Job
from ofitec.backup.manifest import Manifest
from ofitec.ledger import backups
from tests.ofitec.backup.nights import back_up


def test_backup_counts_with_three_snapshots_of_one_moment(job: Job) -> None:
    key = back_up(job)

    row = backups.get(job.ledger, key)
    assert row is not None
    assert row.status == backups.CHECKED
    assert row.snapshots.keys() == {DATABASE, FILESTORE, MANIFEST}
    assert row.snapshots[FILESTORE]["files"] == 60
    assert row.snapshots[DATABASE]["processed"] > 1_000_000
    assert row.repository_bytes is not None
    assert row.repository_bytes > 1_000
    assert row.figures is not None
    assert row.figures["tables"]["public.account_move_line"]["rows"] == 20_000
    assert row.figures["sequences"]["public.folio_33"] == 4711
    assert row.figures["series"] == "19.0"
    listed = job.restic.snapshots(*job.tags, f"run={key}")
    assert {s.id for s in listed} == {part["id"] for part in row.snapshots.values()}
    assert row.snapshot_at is not None
    # one time for all parts, or the retention could tear a backup apart at midnight
    assert {s.time for s in listed} == {row.snapshot_at.replace(microsecond=0)}
    assert all(s.hostname == "odoo" for s in listed)
    manifest = job.restic.dump(row.snapshots[MANIFEST]["id"], "ofitec-manifest.json")
    assert Manifest.model_validate_json(manifest).database_snapshot == row.snapshots[DATABASE]["id"]


def test_second_backup_adds_little(job: Job) -> None:
    # a dump of many chunks: the first, which holds the dump's date, is new each time
    with job.database.connect() as conn:
        conn.execute("CREATE TABLE entry AS SELECT n, md5(n::text) AS hash FROM generate_series(1, 250000) n")
    first = backups.get(job.ledger, back_up(job))
    second = backups.get(job.ledger, back_up(job))
    assert first is not None
    assert second is not None
    assert second.snapshots[FILESTORE]["added"] < first.snapshots[FILESTORE]["added"] / 20
    assert second.snapshots[DATABASE]["added"] < first.snapshots[DATABASE]["added"] / 2
