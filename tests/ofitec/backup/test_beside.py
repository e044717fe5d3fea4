"""The two strands of a restore: whichever fails ends the other, and says what the backup is; each file is read once."""

import dataclasses
import hashlib
import itertools
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from ofitec.backup import attachments, proof, retrieval
from ofitec.backup.attachments import Arrived, Attachment
from ofitec.backup.evidence import Evidence
from ofitec.backup.job import Job
from ofitec.ledger import backups
from ofitec.ledger.exclusive import REPOSITORY, held
from ofitec.settings import settings
from tests.ofitec.backup.cluster import Cluster
from tests.ofitec.backup.nights import back_up
from tests.ofitec.backup.proofs import nothing_left, refuted
from tests.waiting import wait_gone, wait_until

FOR_EVER = 600  # seconds: a strand that is not ended makes the test fail by its time


class Hanging:
    """A program in whose place a script hangs for some of its commands, and what became of it."""

    def __init__(self, folder: Path, real: Path, when: str) -> None:
        folder.mkdir()
        self._pid, self.program = folder / "pid", folder / real.name
        hang = f"echo $$ > {self._pid}.new; mv {self._pid}.new {self._pid}; exec sleep {FOR_EVER}"
        self.program.write_text(f'#!/bin/sh\ncase "$*" in {when}) {hang};; esac\nexec {real} "$@"\n')
        self.program.chmod(0o755)

    def hangs(self) -> bool:
        return self._pid.exists()

    def ended(self) -> bool:
        """It may have been ended before it began to hang."""
        return not self.hangs() or wait_gone(int(self._pid.read_text()))


@pytest.fixture
def hanging_fetch(job: Job, tmp_path: Path) -> Hanging:
    return Hanging(tmp_path / "hanging", Path(shutil.which(job.restic.binary) or ""), "*restore*/data/filestore/*")


@pytest.fixture
def hanging_load(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hanging]:
    hanging = Hanging(tmp_path / "hanging", cluster.bin / "pg_restore", "*--dbname=*")
    hanging.program.with_name("pg_dump").symlink_to(cluster.bin / "pg_dump")
    monkeypatch.setenv("OFITEC_PG_BIN", str(hanging.program.parent))
    settings.cache_clear()
    yield hanging
    monkeypatch.undo()
    settings.cache_clear()


def patient(job: Job, restic: Path | None = None) -> Job:
    """With time limits that none of these tests would wait for."""
    limits = dataclasses.replace(job.restic.limits, whole=FOR_EVER, stall=FOR_EVER)
    client = dataclasses.replace(job.restic, limits=limits, binary=str(restic or job.restic.binary))
    return dataclasses.replace(
        job, restic=client, pruner=client, rules=dataclasses.replace(job.rules, restore_timeout=FOR_EVER)
    )


def test_a_refused_load_ends_the_fetch_and_refutes(job: Job, cluster: Cluster, hanging_fetch: Hanging) -> None:
    with cluster.admin(job.database.name) as conn:
        conn.execute("SET session_replication_role = replica")
        conn.execute("DELETE FROM account_move WHERE id = 5")
    key = back_up(job)
    refuted(patient(job, hanging_fetch.program), key, "(?s)pg_restore.*foreign key constraint")
    assert hanging_fetch.ended()
    assert job.restic.locks() == []


def test_a_damaged_filestore_ends_the_load_and_refutes(job: Job, repository: Path, hanging_load: Hanging) -> None:
    key = back_up(job)
    row = backups.get(job.ledger, key)
    assert row is not None
    (repository / "snapshots" / row.snapshots["filestore"]["id"]).unlink()
    refuted(patient(job), key, "cannot be restored")
    assert hanging_load.ended()


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_task_ends_both(
    job: Job, hanging_fetch: Hanging, monkeypatch: pytest.MonkeyPatch, end: type[BaseException]
) -> None:
    """Airflow's timeout and its TERM are raised in the main thread, wherever that is."""
    key = back_up(job)

    def interrupted(*given: object) -> None:
        wait_until(hanging_fetch.hangs, "the fetch of the files")
        raise end

    monkeypatch.setattr(retrieval, "compare_tables", interrupted)
    with pytest.raises(end):
        proof.prove(patient(job, hanging_fetch.program), key, run_id="r")
    assert hanging_fetch.ended()
    assert [p.outcome for p in backups.proofs(job.ledger, key)] == [backups.FAILED]
    nothing_left(job)


def test_the_repository_is_free_while_the_database_is_compared(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """A night must not wait for a long comparison."""
    key, real, free = back_up(job), retrieval.compare_tables, []

    def somebody_else() -> bool:
        with suppress(Exception), held(job.ledger, REPOSITORY, why="night", wait=0):
            return True
        return False

    def look(*given: object) -> object:
        wait_until(somebody_else, "the repository")
        free.append(True)
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(retrieval, "compare_tables", look)
    proof.prove(job, key, run_id="r")
    assert free == [True]


def test_a_file_that_arrived_whole_is_not_read_again_but_must_be_there(tmp_path: Path) -> None:
    names = [stored(tmp_path, content) for content in (b"uno", b"dos", b"tres")]
    arrived = Arrived(tmp_path)
    (tmp_path / names[1]).write_bytes(b"otra cosa")
    for name in [*names, names[0].partition("/")[0]]:
        arrived.take(name)
    assert arrived.whole == {names[0], names[2]}
    (tmp_path / names[2]).unlink()
    files = [Attachment(name=name, sha1=name[3:], size=None) for name in names]
    found = attachments.damaged(tmp_path, files, [], arrived.whole)
    assert found == [
        f"attachment {names[1]} holds other bytes: sha1 {digest(b'otra cosa')} instead of {names[1][3:]}",
        f"attachment {names[2]} has no file",
    ]


def test_a_row_that_wants_another_file_than_its_name_is_found(tmp_path: Path) -> None:
    name, arrived = stored(tmp_path, b"uno"), Arrived(tmp_path)
    arrived.take(name)
    other = digest(b"otra")
    (found,) = attachments.damaged(tmp_path, [Attachment(name=name, sha1=other, size=None)], [], arrived.whole)
    assert f"instead of {other}" in found


def stored(filestore: Path, content: bytes) -> str:
    name = f"{digest(content)[:2]}/{digest(content)}"
    (filestore / name).parent.mkdir(exist_ok=True)
    (filestore / name).write_bytes(content)
    return name


def digest(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()


def test_all_files_of_a_proof_are_read_as_they_arrive(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    key, real = back_up(job), retrieval.compare_files
    whole: list[str] = []

    def look(expected: object, files: object, arrived: Arrived, *rest: object) -> None:
        whole.extend(arrived.whole)
        real(expected, files, arrived, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(retrieval, "compare_files", look)
    _, evidence, _ = proof.prove(job, key, run_id="r")
    assert len(whole) == evidence.files == 60


def test_recovery_takes_the_time_that_passes_not_the_sum_of_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fetch 0 to 10; files 10 to 40 beside the load, 10 to 30; the comparison delays nobody; boot 5."""
    moments = itertools.chain.from_iterable([(0, 10), (10, 10, 30), (30, 35), (40,), (50, 55)])
    clock: Callable[[], float] = lambda: float(next(moments))  # noqa: E731
    monkeypatch.setattr("ofitec.backup.evidence.time", SimpleNamespace(monotonic=clock))
    known = Evidence(backup="k", started_at=datetime.now(UTC))
    with known.timed("fetch_database"):
        pass
    with known.timed("fetch_filestore"):
        with known.timed("load_database"):
            pass
        with known.timed("compare_tables"):
            pass
    with known.timed("boot"):
        known.booted = True
    assert known.steps == {
        "fetch_database": 10, "fetch_filestore": 30, "load_database": 20, "compare_tables": 5, "boot": 5
    }  # fmt: skip
    assert (known.rto_seconds, known.elapsed) == (45, 55)
