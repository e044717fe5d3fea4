"""The rotation of the repository's password, and that it can be killed anywhere."""

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ofitec.backup import proof, rotation
from ofitec.backup.job import Job
from ofitec.clients.restic import Restic
from ofitec.clients.restic_errors import WrongPassword
from tests.backup.conftest import PASSWORD
from tests.backup.restic_files import cheapen
from tests.backup.test_nightly import back_up


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


def test_rotation_then_backup_and_proof_with_the_new_password(filed: Job, tmp_path: Path) -> None:
    before = back_up(filed)
    rescue = tmp_path / "rescue"
    rescue.write_text("en-la-boveda")
    filed.restic.key_add(rescue)
    done = rotation.rotate(filed, file_of(filed), run_id="r")
    assert done["other_keys"] == 1
    assert file_of(filed).read_text() not in ("", PASSWORD)
    assert file_of(filed).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file_of(filed).parent.iterdir()] == ["restic"]
    old = dataclasses.replace(filed.restic.cold(), secrets={"RESTIC_PASSWORD": PASSWORD}, env={})
    with pytest.raises(WrongPassword):
        old.open()
    dataclasses.replace(old, secrets={"RESTIC_PASSWORD": "en-la-boveda"}).open()
    proof.prove(filed, back_up(filed), run_id="r")
    # what was saved before opens with the new one
    proof.prove(filed, before, run_id="r")


class Killed(BaseException):
    pass


@pytest.mark.parametrize("step", [4, 5, 8, 9, 11, 12])
def test_rotation_killed_anywhere_leaves_a_password_that_opens_and_is_finished_by_the_next(
    filed: Job, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Killed just before its n-th command or file change: 4 key add, 5 its test, 8 the switch, 9 its test,
    11 key remove, 12 its test.
    """
    count = 0

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            count += 1
            if count == step:
                raise Killed
            return real(*args, **kwargs)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(Restic, "_run", counted(Restic._run))
        patch.setattr(os, "fsync", counted(os.fsync))
        patch.setattr(Path, "replace", counted(Path.replace))
        with pytest.raises(Killed):
            rotation.rotate(filed, file_of(filed), run_id="r")
    filed.restic.cold().open()
    rotation.rotate(filed, file_of(filed), run_id="r")
    assert sorted(path.name for path in file_of(filed).parent.iterdir() if path.suffix != ".tmp") == ["restic"]
    assert len(filed.restic.keys()) == 1
    filed.restic.cold().open()


def test_folder_that_cannot_be_written_is_named(filed: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(Exception, match="cannot be written"):
        rotation.rotate(filed, file_of(filed), run_id="r")
