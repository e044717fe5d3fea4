"""The proof: passes for a good backup, and catches what `restic check` does not."""

import dataclasses
import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ofitec.backup import nightly, proof, restore, retrieval
from ofitec.backup.job import Job
from ofitec.clients.restic_errors import RepositoryDamaged
from ofitec.errors import InputError
from ofitec.ledger import backups
from ofitec.ledger.exclusive import REPOSITORY, held
from ofitec.settings import settings
from tests.ofitec.backup.cluster import Cluster
from tests.ofitec.backup.nights import back_up
from tests.ofitec.backup.proofs import changed_copy, nothing_left, refuted
from tests.ofitec.backup.restic_files import biggest, flip_byte
from tests.waiting import wait_until


def test_good_backup_is_proven(job: Job) -> None:
    key = back_up(job)
    assert proof.choose(job) == key
    _, evidence, lifted = proof.prove(job, key, run_id="r", read_data=True)
    assert not lifted
    (row,) = backups.proofs(job.ledger, key)
    assert (row.outcome, row.read_data, row.booted) == (backups.PASSED, True, False)
    assert (row.tables, row.files) == (6, 60)
    assert row.rows == 200 + 2000 + 20000 + 60 + 3
    assert {
        "read_data",
        "fetch_database",
        "load_database",
        "fetch_filestore",
        "compare_tables",
    } <= evidence.steps.keys()
    proven = backups.newest_proven(job.ledger, job.env)
    assert proven is not None
    assert proven.key == key
    nothing_left(job)


def test_later_changes_do_not_refute(job: Job, monkeypatch: pytest.MonkeyPatch, cluster: Cluster) -> None:
    """Figures and dump are of one instant, although users work meanwhile."""
    real = type(job.restic).backup_command

    def users_work(*args: Any, **kwargs: Any) -> Any:
        with cluster.admin(job.database.name) as conn:
            conn.execute("UPDATE res_partner SET name = 'otro' WHERE id < 50")
            conn.execute("DELETE FROM account_move_line WHERE id % 7 = 0")
            conn.execute("SELECT nextval('folio_33')")
        return real(*args, **kwargs)

    monkeypatch.setattr(type(job.restic), "backup_command", users_work)
    key = back_up(job)
    proof.prove(job, key, run_id="r")
    assert backups.proofs(job.ledger, key)[0].outcome == backups.PASSED


def test_foreign_key_violation_that_only_a_restore_shows(job: Job, cluster: Cluster) -> None:
    with cluster.admin(job.database.name) as conn:
        conn.execute("SET session_replication_role = replica")
        conn.execute("DELETE FROM account_move WHERE id = 5")
    key = back_up(job)
    job.restic.check(read_data=True)
    refuted(job, key, "(?s)pg_restore.*foreign key constraint")


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("DELETE FROM account_move_line WHERE id = 77", "account_move_line has 19999 rows instead of 20000"),
        ("UPDATE res_partner SET vat = '1-9' WHERE id = 7", "res_partner has 200 rows as it should, but with other"),
        (
            "UPDATE account_move_line SET rate = rate * (1 + 1e-15) WHERE id = 3",
            "account_move_line has 20000 rows as",
        ),
        ("DROP TABLE ir_cron", "table public.ir_cron is missing"),
        ("SELECT setval('folio_33', 4700)", "folio_33 stands at 4700, before 4711: numbers would be given twice"),
    ],
    ids=["row lost", "row changed", "last bit of a float", "table lost", "sequence behind"],
)
def test_silent_loss_in_the_database(
    job: Job, cluster: Cluster, statement: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the dump had come from another moment: done to the copy, between restore and comparison."""
    key = back_up(job)
    changed_copy(monkeypatch, cluster, statement)
    refuted(job, key, message)
    # it was the copy: the backup itself is good, and the next proof says so
    monkeypatch.undo()
    settings.cache_clear()
    _, _, lifted = proof.prove(job, key, run_id="r")
    assert lifted
    row = backups.get(job.ledger, key)
    assert row is not None
    assert row.status == backups.CHECKED
    assert [p.outcome for p in backups.proofs(job.ledger, key)] == [backups.REFUTED, backups.PASSED]


def test_swapped_file(job: Job) -> None:
    """Same name, same size, other bytes, in the source already: check, sizes and counts are all content."""
    one = next(path for path in job.filestore.rglob("*") if path.is_file())
    one.write_bytes(hashlib.sha512(b"x").digest() * 1000)
    one.write_bytes(one.read_bytes()[: _size(job, one)])
    key = back_up(job)
    job.restic.check(read_data=True)
    refuted(job, key, f"attachment {one.parent.name}/{one.name} holds other bytes")


def _size(job: Job, path: Path) -> int:
    with job.database.connect() as conn:
        row = conn.execute(
            "SELECT file_size FROM ir_attachment WHERE store_fname = %s", [f"{path.parent.name}/{path.name}"]
        ).fetchone()
    assert row is not None
    return int(row[0])


def test_flipped_byte_passes_the_check_and_fails_the_proof(job: Job, repository: Path) -> None:
    key = back_up(job)
    flip_byte(biggest(repository / "data"))
    job.restic.check()
    refuted(job, key, "cannot be restored")


def test_flipped_byte_elsewhere_is_found_by_reading_all(job: Job, repository: Path) -> None:
    """The backup at hand is good and is proven; the run fails all the same, because another one is not."""
    other = job.restic.backup_bytes(b"de otro" * 50_000, "x", at=_now(), tags=["otro"])
    packs = {path for path in (repository / "data").rglob("*") if path.is_file()}
    key = back_up(job)
    flip_byte(max(packs, key=lambda path: path.stat().st_size), at=20)
    with pytest.raises(RepositoryDamaged, match="not all is well"):
        proof.prove(job, key, run_id="r", read_data=True)
    (row,) = backups.proofs(job.ledger, key)
    assert (row.outcome, row.read_data) == (backups.PASSED, False)
    assert other.id


def _now() -> datetime:
    return datetime.now(UTC)


@pytest.mark.parametrize("kind", ["snapshot", "pack", "tree"])
def test_deleted_file_refutes_although_the_cache_has_it(job: Job, repository: Path, kind: str) -> None:
    key = back_up(job)
    row = backups.get(job.ledger, key)
    assert row is not None
    packs = sorted((p for p in (repository / "data").rglob("*") if p.is_file()), key=lambda p: p.stat().st_size)
    gone = {"snapshot": repository / "snapshots" / row.snapshots["database"]["id"], "pack": packs[-1], "tree": packs[0]}
    gone[kind].unlink()
    refuted(job, key, "cannot be restored")


def test_killed_run_is_never_proven(job: Job) -> None:
    with pytest.raises(InputError, match=r"no backup of prueba in .* to prove yet"):
        proof.choose(job)
    backups.start(job.ledger, key="k1", env=job.env, repository=job.restic.where, run_id="r")
    with pytest.raises(InputError, match="k1 is running"):
        proof.choose(job, "k1")


def test_steps_are_in_the_ledger_while_the_proof_runs(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    key, seen = back_up(job), []
    real = retrieval.compare_files

    def look(*given: Any) -> None:
        row = backups.proofs(job.ledger, key)[-1]
        seen.append((row.outcome, set(row.steps)))
        real(*given)

    monkeypatch.setattr(retrieval, "compare_files", look)
    proof.prove(job, key, run_id="r")
    assert seen == [(backups.RUNNING, {"fetch_database", "fetch_filestore", "load_database", "compare_tables"})]


def test_a_damaged_index_is_rebuilt_and_refutes_nothing(job: Job, repository: Path) -> None:
    key = back_up(job)
    flip_byte(biggest(repository / "index"))
    proof.prove(job, key, run_id="r", read_data=True)
    assert [p.outcome for p in backups.proofs(job.ledger, key)] == [backups.PASSED]


def removed(job: Job, key: str) -> None:
    """What the retention does with a backup whose place a newer one took."""
    row = backups.get(job.ledger, key)
    assert row is not None
    job.restic.forget([part["id"] for part in row.snapshots.values()])
    backups.change(job.ledger, key, status=backups.REMOVED, finished_at=datetime.now(UTC))


def test_of_the_nights_that_were_published_the_newest_is_proven(job: Job) -> None:
    """As after a pause of the proof: Airflow gives the nights in no order, and the older ones may be gone."""
    old, middle, new = back_up(job), back_up(job), back_up(job)
    removed(job, old)
    key, *_ = proof.prove_newest(job, [middle, new, old], run_id="r")
    assert key == new
    removed(job, new)
    key, *_ = proof.prove_newest(job, [middle, new, old], run_id="r")
    assert key == middle, "the newest that is left"


def test_a_backup_that_the_retention_removes_while_its_proof_waits_is_not_refuted(job: Job) -> None:
    """It was removed by the policy, which is no damage; what is proven is the one that took its place."""
    old, new = back_up(job), back_up(job)
    with ThreadPoolExecutor() as pool, held(job.ledger, REPOSITORY, why="retention", wait=5):
        proving = pool.submit(proof.prove_newest, job, [old], run_id="r")
        wait_until(lambda: backups.proofs(job.ledger, old), "the proof's row")
        removed(job, old)
    key, *_ = proving.result()
    assert key == new
    row = backups.get(job.ledger, old)
    assert row is not None
    assert row.status == backups.REMOVED
    assert backups.proofs(job.ledger, old) == []
    nothing_left(job)


def test_a_backup_that_the_retention_removes_once_it_was_fetched_does_not_count_again(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the next night would miss it: lost, it would say, and prune no more."""
    key, comparing = back_up(job), retrieval.compare_tables

    def compare(*args: Any) -> Any:
        removed(job, key)
        return comparing(*args)

    monkeypatch.setattr(retrieval, "compare_tables", compare)
    proof.prove(job, key, run_id="r")
    row = backups.get(job.ledger, key)
    assert row is not None
    assert row.status == backups.REMOVED
    assert [one.outcome for one in backups.proofs(job.ledger, key)] == [backups.PASSED]


def test_a_removed_backup_that_a_person_asks_for_is_not_proven(job: Job) -> None:
    old = back_up(job)
    back_up(job)
    removed(job, old)
    with pytest.raises(InputError, match=f"Backup {old} was removed by the retention"):
        proof.prove(job, old, run_id="r")


def test_a_backup_of_an_earlier_repository_is_neither_proven_nor_restored_here(job: Job, repository: Path) -> None:
    key = back_up(job)
    proof.prove(job, key, run_id="r")
    moved = dataclasses.replace(job.restic, repository=str(repository.with_name("otro")))
    moved.init()
    job = dataclasses.replace(job, restic=moved, pruner=moved)
    with pytest.raises(InputError, match=f"made in the repository {repository}, and .* names {moved.where}"):
        proof.prove(job, key, run_id="r")
    with pytest.raises(InputError, match=r"to prove yet.*1 backups lie in an earlier repository"):
        proof.choose(job)
    with pytest.raises(InputError, match=r"is proven yet.*1 backups lie in an earlier repository"):
        restore.plan(job, key="", database="nueva", filestore="", neutralise=False)
    row = backups.get(job.ledger, key)
    assert row is not None
    assert row.status == backups.CHECKED
    assert nightly.preflight(job, run_id="r")["lost"] == []
