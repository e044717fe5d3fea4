"""The rotation of the repository's password: two phases with a proven backup in between, killed anywhere."""

import dataclasses
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ofitec.backup import proof, rotation
from ofitec.backup.job import Job
from ofitec.clients.restic import Restic
from ofitec.clients.restic_errors import WrongPassword
from ofitec.errors import InputError
from ofitec.ledger import rotations
from tests.ofitec.backup.conftest import PASSWORD
from tests.ofitec.backup.nights import back_up
from tests.ofitec.backup.restic_files import cheapen


@pytest.fixture
def filed(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    """The job with its password in a file; a key that is added costs little to open."""
    really_add = Restic.key_add

    def add(self: Restic, password_file: Path) -> None:
        really_add(self, password_file)
        cheapen(Path(self.repository), password_file.read_text())

    monkeypatch.setattr(Restic, "key_add", add)
    file = tmp_path / "secrets" / "restic"
    file.parent.mkdir()
    file.write_text(PASSWORD)
    client = dataclasses.replace(job.restic, secrets={}, env={"RESTIC_PASSWORD_FILE": str(file)}, hide=(PASSWORD,))
    return dataclasses.replace(job, restic=client, pruner=client)


def file_of(job: Job) -> Path:
    return Path(job.restic.env["RESTIC_PASSWORD_FILE"])


def with_password(job: Job, password: str) -> Restic:
    return dataclasses.replace(job.restic.cold(), secrets={"RESTIC_PASSWORD": password}, env={})


def beside(job: Job) -> list[str]:
    return sorted(path.name for path in file_of(job).parent.iterdir() if path.suffix != ".tmp")


def test_the_old_password_goes_only_after_a_backup_and_its_proof_with_the_new_one(filed: Job, tmp_path: Path) -> None:
    before = back_up(filed)
    proof.prove(filed, before, run_id="r")
    rescue = tmp_path / "rescue"
    rescue.write_text("en-la-boveda")
    filed.restic.key_add(rescue)
    done = rotation.begin(filed, file_of(filed), run_id="r")
    assert done["other_keys"] == 1
    assert file_of(filed).read_text() not in ("", PASSWORD)
    assert file_of(filed).stat().st_mode & 0o777 == 0o600
    # another worker that still has the old one, and nothing proven: it stays
    with_password(filed, PASSWORD).open()
    with pytest.raises(rotation.NewPasswordUnproven):
        rotation.finish(filed, file_of(filed), run_id="r2")
    key = back_up(filed)
    with pytest.raises(rotation.NewPasswordUnproven):
        rotation.finish(filed, file_of(filed), run_id="r2")
    proof.prove(filed, key, run_id="r")
    assert rotation.finish(filed, file_of(filed), run_id="r2")
    assert beside(filed) == ["restic"]
    with pytest.raises(WrongPassword):
        with_password(filed, PASSWORD).open()
    with_password(filed, "en-la-boveda").open()
    # what was saved before opens with the new one
    proof.prove(filed, before, run_id="r")
    with pytest.raises(InputError, match="No change of the password is pending"):
        rotation.finish(filed, file_of(filed), run_id="r3")


def test_a_proof_made_with_the_old_password_does_not_count(filed: Job) -> None:
    rotation.begin(filed, file_of(filed), run_id="r")
    key = back_up(filed)
    old = dataclasses.replace(filed, restic=with_password(filed, PASSWORD))
    proof.prove(old, key, run_id="another worker")
    with pytest.raises(rotation.NewPasswordUnproven):
        rotation.finish(filed, file_of(filed), run_id="r2")


def test_a_new_password_that_died_with_its_container_costs_nothing(filed: Job) -> None:
    """The folder did not last: the next run finds the old file again."""
    new = rotation.begin(filed, file_of(filed), run_id="r")["key"]
    file_of(filed).write_text(PASSWORD)
    file_of(filed).with_name("restic.old").unlink()
    assert rotation.finish(filed, file_of(filed), run_id="r2") is False
    opening = filed.restic.keys()
    assert new not in opening
    back_up(filed)
    rotation.begin(filed, file_of(filed), run_id="r3")
    proof.prove(filed, back_up(filed), run_id="r")
    assert rotation.finish(filed, file_of(filed), run_id="r4")


def test_the_old_password_stays_while_the_connection_that_removes_still_uses_it(filed: Job) -> None:
    rotation.begin(filed, file_of(filed), run_id="r")
    proof.prove(filed, back_up(filed), run_id="r")
    forgotten = dataclasses.replace(filed, pruner=with_password(filed, PASSWORD))
    with pytest.raises(InputError, match="OFITEC_PRUNE_CONNECTION still uses the old password"):
        rotation.finish(forgotten, file_of(filed), run_id="r2")
    with_password(filed, PASSWORD).open()


def test_a_second_change_waits_for_the_first(filed: Job) -> None:
    rotation.begin(filed, file_of(filed), run_id="r")
    with pytest.raises(InputError, match="in use already"):
        rotation.begin(filed, file_of(filed), run_id="r2")
    assert len(filed.restic.keys()) == 2


class Killed(BaseException):
    pass


def killing(patch: pytest.MonkeyPatch, step: int) -> Callable[[], bool]:
    """Kills before the n-th command of restic, change of a file, or line in the ledger; says if it came to that."""
    count = 0

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            count += 1
            if count == step:
                raise Killed
            return real(*args, **kwargs)

        return call

    patch.setattr(Restic, "execute", counted(Restic.execute))
    patch.setattr(os, "fsync", counted(os.fsync))
    for method in ("replace", "unlink"):
        patch.setattr(Path, method, counted(getattr(Path, method)))
    for function in ("begin", "end"):
        patch.setattr(rotations, function, counted(getattr(rotations, function)))
    return lambda: count >= step


def killed_at_each_step(job: Job, what: Callable[[], Any], *, after: Callable[[], None]) -> int:
    """Kills it at its first step, at its second, ... until it comes through; returns at how many."""
    for step in range(1, 100):
        with pytest.MonkeyPatch.context() as patch:
            reached = killing(patch, step)
            with suppress(Killed):
                what()
            if not reached():
                return step - 1
        after()
    raise AssertionError("it never came through")


@pytest.mark.drill
def test_the_first_phase_killed_at_each_step_leaves_a_password_that_opens_and_is_finished(filed: Job) -> None:
    file = file_of(filed)

    def phase() -> None:
        if not rotation.switched(filed):
            rotation.begin(filed, file, run_id="r")

    def opens() -> None:
        filed.restic.cold().open()
        with_password(filed, PASSWORD).open()

    assert killed_at_each_step(filed, phase, after=opens) > 8
    assert rotation.switched(filed)
    assert len(filed.restic.keys()) == 2
    assert beside(filed) == ["restic", "restic.old"]
    assert file.read_text() != PASSWORD


@pytest.mark.drill
def test_the_second_phase_killed_at_each_step_is_finished(filed: Job) -> None:
    file = file_of(filed)
    rotation.begin(filed, file, run_id="r")
    proof.prove(filed, back_up(filed), run_id="r")

    def phase() -> None:
        if rotation.pending(filed):
            rotation.finish(filed, file, run_id="r2")

    def opens() -> None:
        filed.restic.cold().open()

    assert killed_at_each_step(filed, phase, after=opens) > 5
    assert rotation.pending(filed) is None
    assert len(filed.restic.keys()) == 1
    assert beside(filed) == ["restic"]
    with pytest.raises(WrongPassword):
        with_password(filed, PASSWORD).open()


def test_folder_that_cannot_be_written_is_named(filed: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(InputError, match="cannot be written"):
        rotation.begin(filed, file_of(filed), run_id="r")
