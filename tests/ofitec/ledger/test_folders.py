"""A folder that two workers must share: known by its mark, refused where it is another one."""

from pathlib import Path

import pytest
from sqlalchemy import text

from ofitec.errors import InputError
from ofitec.ledger import Ledger, folders
from ofitec.ledger.folders import MARK, NotShared, note, require_one, several_workers


@pytest.fixture(autouse=True)
def celery(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")


class Worker:
    """A worker's disk: under `path` it has a folder of its own, or the one that `shared` names."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, path: Path, name: str, shared: Path | None = None) -> None:
        self._patch, self.path, self.name = monkeypatch, path, name
        self.disk = shared or path.parent / f"disk of {name}"
        self.disk.mkdir(exist_ok=True)

    def __call__(self) -> Path:
        """From here on it is this worker that works."""
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(self.disk)
        self._patch.setattr("socket.gethostname", lambda: self.name)
        return self.path


def required(ledger: Ledger, path: Path) -> None:
    require_one(ledger, path, what="OFITEC_EXPORT_URL", instead="s3://")


def test_a_folder_of_its_own_on_a_second_worker_is_refused(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = (Worker(monkeypatch, tmp_path / "exports", name) for name in ("uno", "dos"))
    required(ledger, one())
    with pytest.raises(NotShared, match=r"not the folder that worker uno used on .* or use s3://"):
        required(ledger, two())
    assert list(two.disk.iterdir()) == []
    # whoever was first goes on
    required(ledger, one())


def test_one_folder_on_all_workers_is_taken(ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = tmp_path / "nfs"
    for name in ("uno", "dos", "uno"):
        required(ledger, Worker(monkeypatch, tmp_path / "exports", name, shared)())
    assert folders.users(ledger, tmp_path / "exports") == ["dos", "uno"]
    assert [file.name for file in shared.iterdir()] == [MARK]


def test_a_worker_that_only_told_of_its_folder_is_known_to_the_first_who_needs_one(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = (Worker(monkeypatch, tmp_path / "keys", name) for name in ("uno", "dos"))
    note(ledger, two())
    with pytest.raises(NotShared, match="worker dos"):
        required(ledger, one())


def test_a_worker_that_is_gone_for_a_month_is_in_nobodys_way(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = (Worker(monkeypatch, tmp_path / "exports", name) for name in ("uno", "dos"))
    required(ledger, one())
    with ledger.transaction() as session:
        session.execute(text("UPDATE ofitec.worker_folder SET seen_at = seen_at - interval '31 days'"))
    required(ledger, two())


def test_a_lost_mark_is_put_back_as_the_refusal_says(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Worker(monkeypatch, tmp_path / "exports", "uno")
    required(ledger, one())
    (one.disk / MARK).unlink()
    with pytest.raises(NotShared) as refused:
        required(ledger, one())
    mark = str(refused.value).split("write  ")[1].split("  into")[0]
    (one.disk / MARK).write_text(mark + "\n")
    required(ledger, one())


def test_what_cannot_be_written_is_told_only_where_it_is_needed(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "exports"
    note(ledger, folder)
    with pytest.raises(InputError, match="cannot be written"):
        required(ledger, folder)


@pytest.mark.parametrize(
    ("executor", "several"),
    [
        ("LocalExecutor", False),
        ("airflow.executors.local_executor.LocalExecutor", False),
        ("CeleryExecutor", True),
        ("LocalExecutor,CeleryExecutor", True),
        ("KubernetesExecutor", True),
        ("airflow.providers.celery.executors.celery_executor.CeleryExecutor", True),
        ("LocalExecutor;team1=CeleryExecutor", True),
    ],
)
def test_several_workers_are_known_by_the_executor(
    monkeypatch: pytest.MonkeyPatch, executor: str, several: bool
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", executor)
    assert several_workers() is several


def test_a_pod_of_its_own_is_one_of_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "LocalExecutor")
    monkeypatch.setenv("AIRFLOW_IS_K8S_EXECUTOR_POD", "True")
    assert several_workers()


def test_on_one_machine_nothing_is_marked_and_nothing_refused(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "LocalExecutor")
    one, two = (Worker(monkeypatch, tmp_path / "exports", name) for name in ("uno", "dos"))
    for worker in (one, two):
        required(ledger, worker())
        note(ledger, worker())
        assert list(worker.disk.iterdir()) == []
