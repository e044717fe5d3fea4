"""Only data that were read and are wrong refute a backup; a storage that fails, in whatever words, does not.

The words of a hundred failures, and failures provoked for real; all of them by `make bench ARGS="storage_faults"`.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ofitec.backup import proof
from ofitec.backup.job import Job
from ofitec.clients.restic_errors import RepositoryDamaged, RepositoryRefused, error_of
from ofitec.errors import OfitecError
from ofitec.ledger import backups
from ofitec.process import Finished
from tests.ofitec.backup import storages
from tests.ofitec.backup.cluster import Cluster
from tests.ofitec.backup.nights import back_up
from tests.ofitec.backup.proofs import changed_copy, outcome, refuted
from tests.ofitec.backup.restic_files import biggest, flip_byte
from tests.ofitec.backup.storage_words import DAMAGE, FAULTS


@pytest.mark.parametrize("verb", ["check", "dump", "restore"])
def test_a_hundred_ways_in_which_a_storage_says_that_it_fails_are_no_damage(verb: str) -> None:
    wrong = [words for words in FAULTS if isinstance(judged(verb, words), RepositoryDamaged)]
    print(f"{len(FAULTS)} texts, restic {verb}: {len(wrong)} taken for damage")  # noqa: T201 - the count is asked for
    assert wrong == []
    assert len(FAULTS) >= 100


def test_words_of_damage_are_damage_also_among_others() -> None:
    unnoticed = [words for words in DAMAGE if not isinstance(judged("restore", words), RepositoryDamaged)]
    noisy = [words for words in DAMAGE if not isinstance(judged("check", f"{FAULTS[0]}\n{words}"), RepositoryDamaged)]
    assert (unnoticed, noisy) == ([], [])


def judged(verb: str, words: str) -> OfitecError:
    return error_of(verb, "s3:https://s3.example/respaldos", Finished("restic", 1, "", words, 0.1))


@pytest.mark.drill
def test_storages_that_fail_refute_nothing(
    job: Job, repository: Path, moto: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = back_up(job)
    storages.upload(repository, moto)
    place = storages.Place(job, moto, tmp_path, monkeypatch)
    outcomes = {name: outcome(place, fault, key) for name, fault in storages.QUICKLY.items()}
    print(f"{len(outcomes)} faults provoked: {list(outcomes.values()).count(backups.REFUTED)} refuted the good backup")  # noqa: T201
    assert {name: ended for name, ended in outcomes.items() if ended != backups.FAILED} == {}
    proof.prove(job, key, run_id="r")


def flipped(repository: Path) -> None:
    flip_byte(biggest(repository / "data"))


def deleted(repository: Path) -> None:
    biggest(repository / "data").unlink()


def cut(repository: Path) -> None:
    pack = biggest(repository / "data")
    pack.chmod(0o600)
    pack.write_bytes(pack.read_bytes()[:-1000])


def swapped(repository: Path) -> None:
    """Another pack's content under this one's name."""
    packs = sorted((p for p in (repository / "data").rglob("*") if p.is_file()), key=lambda p: p.stat().st_size)
    packs[-1].chmod(0o600)
    shutil.copyfile(packs[0], packs[-1])


def without_snapshot(repository: Path) -> None:
    for file in (repository / "snapshots").iterdir():
        file.unlink()


@pytest.mark.parametrize("damage", [flipped, deleted, cut, swapped, without_snapshot])
def test_damage_of_the_repository_refutes(job: Job, repository: Path, damage: Callable[[Path], None]) -> None:
    key = back_up(job)
    damage(repository)
    refuted(job, key, "cannot be restored")


def test_a_wrong_row_refutes(job: Job, cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    key = back_up(job)
    changed_copy(monkeypatch, cluster, "UPDATE account_move SET amount = amount + 1 WHERE id = 7")
    refuted(job, key, "account_move has 2000 rows as it should, but with other contents")


def test_a_listing_that_is_refused_is_no_damage(job: Job, repository: Path, moto: int, tmp_path: Path) -> None:
    """restic then names packs as missing that are there: only a listing that succeeds can say that one is gone."""
    back_up(job)
    storages.upload(repository, moto, bucket="respaldos-de-otro")
    place = storages.Place(job, moto, tmp_path, pytest.MonkeyPatch(), bucket="respaldos-de-otro")
    with (
        storages.s3_says(403, "AccessDenied", "Access Denied.", when=storages.pack_list)(place) as failing,
        pytest.raises(RepositoryRefused),
    ):
        failing.restic.check()
