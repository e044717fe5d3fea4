"""Every DAG on two Celery workers that share no disk; the worker of each task dies once, and the other ends its run."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from dev.stack.celery_stack import LOG_BUCKET, CeleryStack
from dev.stack.company.company import RUT
from dev.stack.demo.backup import NIGHTLY, VERIFY
from dev.stack.machine.paths import Place
from ofitec.clients.restic_errors import WrongPassword
from ofitec.ledger import backups
from tests.e2e.month import BUCKET, DAG
from tests.e2e.two_workers import Two
from tests.waiting import wait_until

pytestmark = [pytest.mark.drill, pytest.mark.timeout(1800)]
RESTORE, ROTATE = "backup_restore", "secrets_rotate"
TARGET = "odoo_restaurado"


@pytest.fixture(scope="module")
def two(request: pytest.FixtureRequest) -> Iterator[Two]:
    stack = CeleryStack(Place("test-celery"))
    stack.down()
    stack = CeleryStack(Place("test-celery"))
    capture = request.config.pluginmanager.getplugin("capturemanager")
    made: Two | None = None
    try:
        with capture.global_and_fixture_disabled():
            made = Two(stack)
        yield made
    finally:
        if made is not None:
            for host in made.hosts.values():
                host.remove(stack.processes)
            with capture.global_and_fixture_disabled():
                sys.stderr.write("\n\n" + "\n".join(map(str, made.rows)) + "\n")
        stack.down()


def deliveries(two: Two) -> int:
    with two.ledger.transaction() as session:
        return int(session.execute(text("SELECT count(*) FROM ofitec.f29_delivery")).scalar_one())


@pytest.mark.parametrize(
    ("task", "freeze"), [("plan", ""), ("months", "odoo"), ("months", "s3"), ("summary", "")], ids=lambda value: value
)
def test_a_month_is_delivered_and_told_once(two: Two, task: str, freeze: str) -> None:
    delivered, told = deliveries(two), len(two.messages("F29"))
    two.killed_at(DAG, task, {"period": two.stack.period, "force": True}, freeze=freeze)
    assert deliveries(two) == delivered + 1
    assert len(two.messages("F29")) == told + 1
    names = [key.rsplit("/", 1)[1] for key in two.stack.s3.keys(BUCKET) if f"/{RUT}/{two.stack.period}/" in key]
    assert sorted(names) == [*(f"F29_{two.stack.period}.{kind}" for kind in ("csv", "json", "xml")), "manifest.json"]


def test_the_log_of_a_task_outlives_its_worker(two: Two) -> None:
    run = two.api.run(DAG, {"period": two.stack.period}, timeout=240)
    [task] = [task for task in two.api.tasks(DAG, run.run_id) if task["task_id"] == "plan"]
    kept = f"airflow/dag_id=f29_monthly/run_id={run.run_id}/task_id=plan/"
    wait_until(lambda: two.stack.s3.keys(LOG_BUCKET, kept), "the task's log on S3", timeout=30)
    with two.without(two.hosts[task["hostname"]]):
        assert "Done. Returned value was" in two.api.log(task)


@pytest.mark.parametrize("task", ["preflight", "snapshot", "check", "retain"])
def test_a_night_counts_one_backup(two: Two, task: str) -> None:
    before = backups.of_status(two.ledger, two.stack.place.name, *backups.KEPT)
    at_work = two.locks if task in ("snapshot", "check") else lambda: True
    two.killed_at(NIGHTLY, task, {"create_repository": True}, at_work=at_work)
    after = backups.of_status(two.ledger, two.stack.place.name, *backups.KEPT)
    assert len({row.key for row in after} - {row.key for row in before}) == 1
    assert {row.status for row in after} == {backups.CHECKED}
    # a night that was cut off counts for nothing, and what it had saved goes with the next
    two.api.run(NIGHTLY, timeout=240)
    kept = {row.key for row in backups.of_status(two.ledger, two.stack.place.name, *backups.KEPT)}
    assert {snapshot.tag("run") for snapshot in two.restic().snapshots("ofitec")} == kept
    assert two.locks() == []


def test_a_proof_that_died_proves_nothing_and_leaves_nothing(two: Two) -> None:
    two.api.wait_for_dag(VERIFY)
    two.api.unpause(VERIFY)
    before = two.api.runs(VERIFY)
    two.api.run(NIGHTLY, {"create_repository": True}, timeout=240)
    newest = backups.newest_checked(two.ledger, two.stack.place.name)
    assert newest is not None
    two.killed_at(VERIFY, "prove", run_id=wait_for_new(two, VERIFY, before), at_work=two.copies)
    outcomes = [proof.outcome for proof in backups.proofs(two.ledger, newest.key)]
    assert outcomes.count(backups.PASSED) == 1
    assert backups.REFUTED not in outcomes
    assert two.copies() == []


def test_a_restore_that_died_changes_nothing_and_the_next_one_is_whole(two: Two) -> None:
    two.killed_at(RESTORE, "restore", {"database": TARGET}, at_work=two.copies, state="failed")
    server, files = two.stack.postgres, two.stack.odoo_parts.data_dir / "filestore"
    assert server.names_like(f"{TARGET}%") == []
    assert [path.name for path in files.iterdir() if TARGET in path.name] == []
    try:
        two.api.run(RESTORE, {"database": TARGET}, timeout=300)
        assert server.names_like(f"{TARGET}%") == [TARGET]
        assert [path.name for path in files.iterdir() if TARGET in path.name] == [TARGET]
        assert two.copies() == []
    finally:
        two.stack.odoo_parts.drop(TARGET)


def test_the_password_changes_once_and_opens_on_both(two: Two) -> None:
    file = two.stack.restic_password_file
    old = file.read_text().strip()
    before = two.api.runs(VERIFY)
    two.killed_at(ROTATE, "rotate")
    new = file.read_text().strip()
    assert new != old
    two.restic(old).open()
    proof = wait_for_new(two, VERIFY, before)
    two.api.succeed(VERIFY, proof, timeout=300)
    two.killed_at(ROTATE, "finish")
    two.restic(new).open()
    with pytest.raises(WrongPassword):
        two.restic(old).open()
    assert len(two.restic(new).keys()) == 1
    assert len(two.messages("Hay una clave nueva de los respaldos")) == 1
    assert len(two.messages("La clave anterior de los respaldos ya no sirve")) == 1


def test_each_worker_works_alone_and_nothing_of_the_company_is_left_on_its_disk(two: Two) -> None:
    """After all of the above: of a worker that died, its next task cleans up."""
    no_proofs(two)
    for host in two.hosts.values():
        with two.without(host):
            two.api.run(NIGHTLY, {"create_repository": True}, timeout=300)
    assert two.left_on_disks() == []


def test_the_doctor_knows_who_listens_to_which_queue(two: Two) -> None:
    both = ", ".join(sorted(two.living()))
    assert two.doctor("workers (Celery)") == ("ok", f"ops: {both}; default: {both}")
    assert two.doctor("folders that workers share")[0] == "ok"
    two.again(queues="default")
    try:
        state, said = two.doctor("workers (Celery)")
        assert state == "wrong"
        assert said.startswith("No Celery worker listens to the queue ops: its tasks would wait for ever.")
    finally:
        two.again()


@pytest.fixture
def own_folders(two: Two) -> Iterator[Path]:
    """Workers whose deliveries and repository are folders of their own disks, and whose password is a copy."""
    no_proofs(two)
    place, file = two.stack.place.dir, two.stack.restic_password_file
    for host in two.hosts.values():
        host.install(file)
    own = {"OFITEC_EXPORT_URL": f"file://{place}/exports", "OFITEC_RESTIC_REPOSITORY": f"{place}/restic"}
    two.again(own, given=two.stack.shared_folders())
    yield file
    two.again()


REFUSED = "that is not the folder that worker one used"


def test_what_a_second_worker_cannot_see_is_refused(two: Two, own_folders: Path) -> None:
    month = {"period": two.stack.period, "force": True}
    with two.alone("one"):
        two.api.run(DAG, month, timeout=240)
        two.api.run(NIGHTLY, {"create_repository": True}, timeout=240)
    counted, delivered = backups.of_status(two.ledger, two.stack.place.name, *backups.KEPT), deliveries(two)
    with two.alone("two"):
        for dag, conf in ((DAG, month), (NIGHTLY, {"create_repository": True})):
            run = two.api.wait(dag, two.api.trigger(dag, conf), timeout=240)
            assert run.state == "failed"
            assert REFUSED in two.api.why_failed(run)
        [two_host] = [host for host in two.hosts.values() if host.name == "two"]
        assert [name for name in ("exports", "restic") if (two_host.disk / name).exists()] == []
    assert deliveries(two) == delivered
    assert len(backups.of_status(two.ledger, two.stack.place.name, *backups.KEPT)) == len(counted)
    assert two.messages("Dos equipos tienen carpetas distintas en la misma ruta")


def test_a_password_is_not_changed_in_a_copy(two: Two, own_folders: Path) -> None:
    two.again(given=two.stack.shared_folders())
    keys, password = two.restic().keys(), own_folders.read_text()
    for name in ("one", "two"):  # backups may each read a copy
        with two.alone(name):
            two.api.run(NIGHTLY, timeout=300)
    run = two.api.wait(ROTATE, two.api.trigger(ROTATE), timeout=240)
    assert run.state == "failed"
    assert "The password file's place is the folder" in two.api.why_failed(run)
    assert two.restic().keys() == keys
    assert {(host.disk / "restic-key" / "password").read_text() for host in two.hosts.values()} == {password}


def no_proofs(two: Two) -> None:
    """From here on no night's event starts a proof, which would run on either worker, or die with it."""
    two.api.wait_for_dag(VERIFY)
    for run in two.api.runs(VERIFY):
        two.api.wait(VERIFY, run, timeout=300)
    two.api.call("PATCH", f"/dags/{VERIFY}", json={"is_paused": True})


def wait_for_new(two: Two, dag_id: str, before: list[str]) -> str:
    wait_until(lambda: set(two.api.runs(dag_id)) - set(before), f"a run of {dag_id}")
    return next(run for run in two.api.runs(dag_id) if run not in before)
