"""A second repository: what is copied into it, what never is, and that each of the two is good without the other."""

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ofitec.backup import copying, proof, restore, retention, retrieval
from ofitec.backup.copying import SecondGone, SecondMissing
from ofitec.backup.job import Job
from ofitec.clients.restic_errors import CopyDamaged, RepositoryMissing, WrongPassword
from ofitec.errors import InputError
from ofitec.ledger import backup_history, backups, copies
from ofitec.ledger.tables import BackupRun
from tests.ofitec.backup import worker
from tests.ofitec.backup.cluster import Cluster
from tests.ofitec.backup.nights import back_up
from tests.ofitec.backup.proofs import nothing_left
from tests.ofitec.backup.restic_files import biggest, cheapen, flip_byte
from tests.waiting import wait_until

SLOW = """#!/bin/bash
for word in "$@"; do [ "$word" = copy ] && slow="--limit-upload 60"; done
exec {restic} $slow "$@"
"""


def folder(job: Job) -> Path:
    return Path(job.restic.repository)


def copied(first: Job, second: Job, *, create_repository: bool = False) -> list[str]:
    done = copying.copy(first, second, run_id="r", create_repository=create_repository)
    if create_repository:
        cheapen(folder(second), second.restic.secrets["RESTIC_PASSWORD"])
    return list(done["copied"])


def keeping(second: Job, *, newest: int) -> Job:
    """All nights of a test are one day's, of which the policy keeps one."""
    return dataclasses.replace(second, rules=dataclasses.replace(second.rules, keep_floor=newest))


def row(job: Job, key: str) -> BackupRun:
    found = backups.get(job.ledger, key)
    assert found is not None
    return found


def statuses(second: Job) -> list[str]:
    return [each.status for each in copies.held(second.ledger, second.env, second.restic.where)]


def test_a_good_backup_is_copied_once_and_proven_and_restored_from_there(
    job: Job, second: Job, cluster: Cluster
) -> None:
    key = back_up(job)
    with pytest.raises(SecondMissing, match="run backup_copy with 'Crear el repositorio'"):
        copying.copy(job, second, run_id="r")
    [copy] = copied(job, second, create_repository=True)
    assert copied(job, second) == []
    made = row(second, copy)
    assert (made.copy_of, made.status, made.repository) == (key, backups.CHECKED, second.restic.where)
    assert made.snapshot_at == row(job, key).snapshot_at
    assert second.restic.config()["chunker_polynomial"] == job.restic.config()["chunker_polynomial"]
    assert second.restic.config()["id"] != job.restic.config()["id"]
    retention.apply(second, run_id="r")

    # the first repository is gone for good
    folder(job).rename(folder(job).with_name("away"))
    assert copying.proof_due(second, now=datetime.now(UTC))
    proof.prove(second, proof.choose(second), run_id="r", read_data=True)
    assert [each.outcome for each in backups.proofs(second.ledger, copy)] == [backups.PASSED]
    assert not copying.proof_due(second, now=datetime.now(UTC))
    assert copying.proof_due(second, now=datetime.now(UTC) + timedelta(days=7))
    # asked for by the name that the board shows of the night
    assert retrieval.wanted(second, key).key == copy
    target = f"{job.database.name}_vuelta"
    plan = restore.plan(second, key="", database=target, filestore="", neutralise=False)
    assert (plan.backup, plan.repository) == (copy, "restic_second")
    restore.restore(second, plan, run_id="r", approved=False)
    try:
        with job.database.on(target).connect() as conn:
            assert conn.execute("SELECT count(*) FROM account_move_line").fetchone() == (20000,)
    finally:
        cluster.drop(target)
    nothing_left(second)
    # and nothing of it is taken for the first's
    assert backups.newest_proven(job.ledger, job.env) is None
    with pytest.raises(RepositoryMissing):
        copying.copy(job, second, run_id="r")


def test_what_is_refuted_or_unfinished_is_not_copied(job: Job, second: Job) -> None:
    second = keeping(second, newest=5)
    bad, good = back_up(job), back_up(job)
    backups.change(job.ledger, bad, status=backups.REFUTED)
    assert [row(second, each).copy_of for each in copied(job, second, create_repository=True)] == [good]
    backups.change(job.ledger, bad, status=backups.STORED)
    assert copied(job, second) == []
    backups.change(job.ledger, bad, status=backups.CHECKED)  # a later proof lifted it
    assert [row(second, each).copy_of for each in copied(job, second)] == [bad]


def test_it_holds_as_many_as_its_own_policy_keeps(job: Job, second: Job) -> None:
    second = dataclasses.replace(second, rules=dataclasses.replace(second.rules, keep={"daily": 1}, keep_floor=1))
    keys = [back_up(job), back_up(job)]
    [copy] = copied(job, second, create_repository=True)
    assert row(second, copy).copy_of == keys[1]
    keys.append(back_up(job))
    [newer] = copied(job, second)
    assert retention.apply(second, run_id="r")["removed"] == [copy]
    assert copied(job, second) == []
    assert {found.tag("run") for found in second.restic.snapshots(*second.tags)} == {keys[2]}
    assert [row(job, key).status for key in keys] == [backups.CHECKED] * 3
    assert newer != copy


def test_one_repository_is_no_second_copy(job: Job, second: Job, tmp_path: Path) -> None:
    back_up(job)
    same = dataclasses.replace(second, restic=job.restic)
    (tmp_path / "link").symlink_to(folder(job))  # another address of it
    linked = dataclasses.replace(second, restic=dataclasses.replace(job.restic, repository=str(tmp_path / "link")))
    for wrong in (same, linked):
        with pytest.raises(InputError, match="one and the same repository"):
            copying.copy(job, wrong, run_id="r")
    assert statuses(linked) == []


def test_a_wrong_password_changes_nothing(job: Job, second: Job) -> None:
    back_up(job)
    [copy] = copied(job, second, create_repository=True)
    back_up(job)
    locked = dataclasses.replace(second.restic, secrets={"RESTIC_PASSWORD": "otra"})
    with pytest.raises(WrongPassword):
        copying.copy(job, dataclasses.replace(second, restic=locked), run_id="r")
    with pytest.raises(WrongPassword):
        copying.copy(dataclasses.replace(job, restic=dataclasses.replace(job.restic, secrets=locked.secrets)),
                     second, run_id="r")  # fmt: skip
    assert [each.key for each in copies.held(second.ledger, second.env, second.restic.where)] == [copy]


def test_a_second_repository_that_is_gone_is_not_made_anew(job: Job, second: Job) -> None:
    back_up(job)
    [copy] = copied(job, second, create_repository=True)
    folder(second).rename(folder(second).with_name("away"))
    with pytest.raises(SecondGone, match="should hold 1 copies"):
        copying.copy(job, second, run_id="r", create_repository=True)
    assert not folder(second).exists()
    assert row(second, copy).status == backups.CHECKED  # nothing is known of it
    back_up(job)  # the night does not need it


def test_copies_that_vanish_are_told_and_brought_again_when_somebody_took_note(job: Job, second: Job) -> None:
    key = back_up(job)
    [copy] = copied(job, second, create_repository=True)
    second.restic.forget([row(second, copy).snapshots["filestore"]["id"]])
    assert copying.copy(job, second, run_id="r") == {"copied": [], "lost": [copy]}
    with pytest.raises(retention.SnapshotsLost, match="backup_copy with 'acknowledge_lost' = 1"):
        retention.apply(second, run_id="r")
    retention.apply(second, run_id="r", acknowledged=1, by="paula")
    assert copied(job, second) == [copy]
    assert row(second, copy).status == backups.CHECKED
    assert row(job, key).status == backups.CHECKED
    assert retention.apply(second, run_id="r")["strangers"] == []


def test_a_second_that_is_refuted_says_nothing_of_the_first(job: Job, second: Job) -> None:
    key = back_up(job)
    [copy] = copied(job, second, create_repository=True)
    flip_byte(biggest(folder(second) / "data"))
    with pytest.raises(proof.BackupRefuted):
        proof.prove(second, copy, run_id="r")
    assert (row(job, key).status, row(second, copy).status) == (backups.CHECKED, backups.REFUTED)
    assert copied(job, second) == []  # the same bytes would be called there already
    proof.prove(job, key, run_id="r")
    newest = backups.newest_proven(job.ledger, job.env)
    assert newest is not None
    assert newest.key == key
    with job.ledger.transaction() as session:
        [found] = backup_history.read(session, datetime.now(UTC))
    assert found.proven
    assert found.copies is not None
    assert found.copies.proof is not None
    assert found.copies.proof.outcome == backups.REFUTED
    assert found.proof is not None
    assert found.proof.outcome == backups.PASSED


def test_damage_of_the_first_does_not_spread(job: Job, second: Job) -> None:
    old = back_up(job)
    [first_copy] = copied(job, second, create_repository=True)
    with job.database.connect() as conn:
        conn.execute("UPDATE account_move_line SET t = md5(t)")  # most of the dump is new
    before = set((folder(job) / "data").rglob("*"))
    key = back_up(job)
    new = [path for path in set((folder(job) / "data").rglob("*")) - before if path.is_file()]
    flip_byte(max(new, key=lambda path: path.stat().st_size))
    with pytest.raises(CopyDamaged, match="Nothing of this copy counts"):
        copying.copy(job, second, run_id="r")
    [failed] = copies.held(second.ledger, second.env, second.restic.where, backups.FAILED)
    assert failed.copy_of == key
    assert failed.said is not None
    assert "no se sabe en cuál de los dos" in failed.said
    assert row(second, first_copy).status == backups.CHECKED
    proof.prove(second, first_copy, run_id="r")
    assert row(job, old).status == backups.CHECKED  # a copy judges nothing in the first
    assert retention.apply(second, run_id="r")["strangers"] == []


def test_killed_while_it_copies_it_goes_on_next_time(job: Job, second: Job, restic_binary: str, tmp_path: Path) -> None:
    second = keeping(second, newest=5)
    key = back_up(job)
    assert len(copied(job, second, create_repository=True)) == 1
    with job.database.connect() as conn:
        conn.execute("UPDATE account_move_line SET t = md5(t)")
    newer = back_up(job)
    slow = tmp_path / "slow-restic"
    slow.write_text(SLOW.format(restic=restic_binary))
    slow.chmod(0o755)
    crawling = dataclasses.replace(second, restic=dataclasses.replace(second.restic, binary=str(slow)))
    process = worker.start(job, "copy", crawling)
    wait_until(lambda: backups.RUNNING in statuses(second), "the copy begins", 60)
    wait_until(lambda: second.restic.locks() != [], "restic copies", 60)
    process.kill()
    process.wait()
    assert backups.newest_checked(second.ledger, second.env, second.restic.where) is not None
    assert copying.wanted(job, second)[0].key == newer
    # the night is not held up by whatever it left
    back_up(job)
    done = copied(job, second)
    assert {row(second, each).copy_of for each in done} >= {newer}
    assert second.restic.locks() == []
    assert backups.RUNNING not in statuses(second)
    proof.prove(second, done[0], run_id="r")
    assert row(job, key).status == backups.CHECKED
