"""Backups, proof, restore and rotation by the real scheduler, when they succeed and when they fail.

Last, that no secret showed anywhere meanwhile.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from dev.stack.demo.backup import NIGHTLY, VERIFY, await_proof
from dev.stack.local_stack import LocalStack
from dev.stack.machine import debian
from dev.stack.services.airflow import Airflow
from dev.stack.services.odoo import OdooServer
from dev.stack.services.slack_sink import SlackSink
from ofitec.backup.evidence import RESTORING
from ofitec.clients.restic import Restic
from ofitec.clients.restic_errors import WrongPassword
from ofitec.ledger import backups, copies, open_ledger
from ofitec.ledger.tables import BackupRun
from tests.command_lines import CommandLines
from tests.ofitec.backup.restic_files import biggest, cheapen, flip_byte
from tests.waiting import wait_until

TARGET = "odoo_restaurado"
WRONG_PASSWORD = "clave&que/no-es"
SECOND_PASSWORD = "la&segunda/tiene-otra"


class Safe:
    """The stack with what its backups' runs showed: Slack, and every command line that existed meanwhile."""

    def __init__(self, stack: LocalStack) -> None:
        self.stack, self.api = stack, stack.airflow.api
        self.ledger = open_ledger(stack.postgres.dsn("ofitec_ledger", "ofitec"))
        self.commands = CommandLines()
        self.first_password = stack.restic_password_file.read_text()

    def newest(self) -> BackupRun:
        found = backups.newest_proven(self.ledger, self.stack.place.name)
        assert found is not None, "no backup is proven"
        return found

    def messages(self) -> str:
        return json.dumps(self.stack.slack_sink.messages(), ensure_ascii=False)

    def fails(self, dag_id: str, conf: dict[str, Any] | None = None) -> tuple[dict[str, str], str]:
        """Runs a DAG that must fail: its tasks' states, and why it failed."""
        self.api.unpause(dag_id)
        run = self.api.wait(dag_id, self.api.trigger(dag_id, conf), timeout=240)
        assert run.state == "failed"
        tasks = self.api.tasks(dag_id, run.run_id)
        return {task["task_id"]: task["state"] for task in tasks}, self.api.why_failed(run)

    def hears(self, words: str) -> None:
        """Waits until people were told it."""
        wait_until(lambda: words in self.messages(), f"{words!r} in Slack")


@pytest.fixture(scope="module")
def safe(local_stack: LocalStack, airflow: Airflow, odoo: OdooServer, slack_sink: SlackSink) -> Iterator[Safe]:
    stack = Safe(local_stack)
    drop_restored(stack)
    stack.api.wait_for_dag(VERIFY)
    stack.api.unpause(VERIFY)
    with stack.commands:
        yield stack
    drop_restored(stack)


@pytest.fixture(scope="module")
def proven(safe: Safe) -> BackupRun:
    """The newest proven backup after one night."""
    opened_by(safe, safe.first_password).init()
    cheapen(safe.stack.restic_repository, safe.first_password)
    safe.api.run(NIGHTLY, timeout=240)
    await_proof(safe.api, [])
    return safe.newest()


def test_a_nights_backup_is_proven_by_itself(safe: Safe, proven: BackupRun) -> None:
    proof = backups.proofs(safe.ledger, proven.key)[-1]
    assert proof.outcome == backups.PASSED
    assert proof.tables > 300
    assert proof.files > 100
    assert proof.booted
    assert proof.rto_seconds is not None
    # the files are fetched beside the load
    fetch, load, files, boot = (proof.steps[step] for step in (*RESTORING, "boot"))
    assert proof.rto_seconds >= fetch + max(load, files) + boot - 0.05
    assert safe.stack.postgres.names_like("ofitec_scratch%") == []
    assert list((safe.stack.place.dir / "work" / "scratch").glob("*")) == []


def test_one_attachment_is_back_within_a_minute(safe: Safe, proven: BackupRun) -> None:
    query = "SELECT id, checksum FROM ir_attachment WHERE store_fname IS NOT NULL ORDER BY file_size DESC LIMIT 1"
    [(number, checksum)] = rows(safe, safe.stack.odoo.database, query)
    run = safe.api.run("backup_extract", {"what": "attachment", "attachment": number}, timeout=240)
    answer = safe.api.xcom("backup_extract", run.run_id, "extract")
    print(f"\none attachment out of a backup: {answer['seconds']} s")  # noqa: T201  # a figure that the docs promise
    assert answer["seconds"] < 60
    assert answer["backup"] == proven.key
    bucket, _, folder = answer["folder"].removeprefix("s3://").partition("/")
    manifest, file = sorted(safe.stack.s3.keys(bucket, folder), key=lambda key: not key.endswith("manifest.json"))
    assert Path(file).name.partition("-")[0] == str(number)
    content = safe.stack.s3.client().get_object(Bucket=bucket, Key=file)["Body"].read()
    assert hashlib.sha1(content).hexdigest() == checksum
    about = json.loads(safe.stack.s3.client().get_object(Bucket=bucket, Key=manifest)["Body"].read())
    assert about["backup"] == proven.key
    safe.hears("Recuperado de un respaldo")
    assert Path(file).name not in safe.messages()  # it may name a person


def test_a_second_repository_gets_its_copy_and_is_proven_from_there(safe: Safe, proven: BackupRun) -> None:
    states = {task["task_id"]: task["state"] for task in safe.api.tasks("backup_copy", nothing_wanted(safe))}
    assert states == {"copy": "skipped", "retain_copies": "skipped", "prove_copy": "skipped"}
    second = safe.stack.place.dir / "second-repository"
    shutil.rmtree(second, ignore_errors=True)
    connection = {"conn_type": "restic", "password": SECOND_PASSWORD, "extra": json.dumps({"repository": str(second)})}
    safe.api.call("POST", "/connections", json={"connection_id": "restic_second", **connection})
    try:
        conf = {"create_repository": True}
        safe.api.run("backup_copy", conf, timeout=240)
        safe.api.run("backup_copy", {"read_data": True}, timeout=300)
    finally:
        safe.api.call("DELETE", "/connections/restic_second")
    newest = backups.newest_proven(safe.ledger, safe.stack.place.name, str(second))
    assert newest is not None
    assert newest.copy_of == proven.key
    safe.hears("Copia del segundo repositorio restaurada y comprobada")
    assert safe.newest().key == proven.key
    for row in copies.held(safe.ledger, safe.stack.place.name, str(second)):
        backups.change(safe.ledger, row.key, status=backups.REMOVED)  # given up: the runbook's way


def nothing_wanted(safe: Safe) -> str:
    """A run of backup_copy where there is no second repository."""
    return safe.api.run("backup_copy", timeout=120).run_id


@pytest.mark.drill  # a second night, its proof and restic's costly keys; test_rotation.py has each rule
def test_the_rotation_backs_up_with_the_new_password_and_proves_it(safe: Safe, proven: BackupRun) -> None:
    before = safe.api.runs(VERIFY)
    safe.api.run("secrets_rotate", timeout=240)
    assert safe.stack.restic_password_file.read_text() != safe.first_password
    await_proof(safe.api, before)
    assert safe.newest().key > proven.key
    safe.hears("Hay una clave nueva de los respaldos")
    # another worker that has not read the new one still gets in, until a later run ends that
    opened_by(safe, safe.first_password).open()
    run = safe.api.run("secrets_rotate", timeout=240)
    states = {task["task_id"]: task["state"] for task in safe.api.tasks("secrets_rotate", run.run_id)}
    assert (states["finish"], states["rotate"], states["preflight"]) == ("success", "skipped", "skipped")
    with pytest.raises(WrongPassword):
        opened_by(safe, safe.first_password).open()
    safe.hears("La clave anterior de los respaldos ya no sirve")


def test_a_restore_over_a_database_asks_first_and_keeps_the_old_one(safe: Safe, proven: BackupRun) -> None:
    server = safe.stack.postgres
    safe.api.run("backup_restore", {"database": TARGET}, timeout=240)
    first = oid(safe, TARGET)
    run = safe.api.trigger("backup_restore", {"database": TARGET, "backup": proven.key})
    safe.hears("Una restauración espera aprobación")
    safe.api.answer("backup_restore", run, "approve", "Aprobar")
    safe.api.succeed("backup_restore", run, timeout=240)
    kept = [name for name in server.names_like(f"{TARGET}_%") if oid(safe, name) == first]
    assert len(kept) == 1
    assert oid(safe, TARGET) != first
    # nobody may run a copy that sends mails: neutralised
    assert rows(safe, TARGET, "SELECT value FROM ir_config_parameter WHERE key = 'database.is_neutralized'") == [
        ("true",)
    ]


def test_a_refused_restore_changes_nothing(safe: Safe, proven: BackupRun) -> None:
    server = safe.stack.postgres
    before = server.names_like("%")
    run = safe.api.trigger("backup_restore", {"database": TARGET})
    safe.api.answer("backup_restore", run, "approve", "Rechazar")
    safe.api.wait("backup_restore", run, timeout=120)
    assert server.names_like("%") == before
    safe.hears(f"La restauración de {TARGET} no se hace")
    # by which whoever closes alarms knows that this run did nothing
    query = "SELECT count(*) FROM ofitec.notification WHERE kind = 'rejected' AND status = 'sent' AND run_id = "
    assert rows(safe, "ofitec_ledger", f"{query}'{run}'") == [(1,)]


def test_a_failing_night_is_red_and_told(safe: Safe, proven: BackupRun) -> None:
    file = safe.stack.restic_password_file
    right = file.read_text()
    file.write_text(WRONG_PASSWORD)
    try:
        tasks, why = safe.fails(NIGHTLY)
    finally:
        file.write_text(right)
    assert tasks == {
        "preflight": "failed", "snapshot": "upstream_failed", "check": "upstream_failed", "retain": "upstream_failed"
    }  # fmt: skip
    assert "The password opens no key of the restic repository" in why
    safe.hears("El respaldo de Odoo no terminó bien")
    safe.hears("La clave de la conexión no abre el repositorio de respaldos")
    assert "siguen intactos" not in safe.messages()


def test_a_refuted_backup_makes_the_proofs_run_red_and_is_told(safe: Safe, proven: BackupRun) -> None:
    """The copy is cleaned up in any case, and that must not make the run green."""
    backup, pack = safe.newest().key, biggest(safe.stack.restic_repository / "data")
    flip_byte(pack)
    try:
        tasks, _ = safe.fails(VERIFY, {"backup": backup})
    finally:
        flip_byte(pack)
    assert tasks == {"prove": "failed"}
    assert backups.proofs(safe.ledger, backup)[-1].outcome == backups.REFUTED
    assert list((safe.stack.place.dir / "work" / "scratch").glob("*")) == []
    safe.hears("El respaldo no pasó su prueba")
    # what was read is right again: a later proof lifts it
    safe.api.run(VERIFY, {"backup": backup}, timeout=240)
    assert safe.newest().key == backup
    safe.hears("Un respaldo rechazado pasó su prueba")


def test_no_secret_shows_anywhere(safe: Safe, proven: BackupRun) -> None:
    """After the above: the output of scheduler and servers, task logs, XCom, ledger, Slack, command lines."""
    stack = safe.stack
    files = [*stack.place.logs.glob("airflow*.log"), *(stack.airflow.home / "logs").rglob("*.log")]
    places = {str(path): path.read_bytes().decode(errors="replace") for path in files}
    assert "backup_nightly" in places[str(stack.place.logs / "airflow-scheduler.log")]
    places |= {"command lines": "\n".join(safe.commands.seen), "Slack": safe.messages()}
    # the sampler saw the programs at all
    assert "pg_dump" in places["command lines"]
    assert any("restic --json" in argv for argv in safe.commands.seen)
    for database, tables in {
        "airflow": ("xcom", "rendered_task_instance_fields", "dag_run", "log", "hitl_detail"),
        "ofitec_ledger": (
            "ofitec.backup_run",
            "ofitec.restore_proof",
            "ofitec.password_rotation",
            "ofitec.restore_switch",
            "ofitec.task_error",
            "ofitec.notification",
        ),
    }.items():
        for table in tables:
            shown = rows(safe, database, f"SELECT t::text FROM {table} t")
            places[f"{database} {table}"] = "\n".join(row[0] for row in shown)
    assert "snapshot" in places["airflow xcom"]
    named = {
        **asdict(stack.credentials),
        "first restic password": safe.first_password,
        "wrong restic password": WRONG_PASSWORD,
        "second restic password": SECOND_PASSWORD,
        "restic password": stack.restic_password_file.read_text(),
        "metrics token": stack.metrics_token_file.read_text(),
    }
    # a login name, not a secret
    secrets = {name: value for name, value in named.items() if name != "s3_access_key"}
    found = [
        (name, where)
        for name, value in secrets.items()
        for where, shown in places.items()
        if any(form in shown for form in (value, quote(value, safe="")))
    ]
    assert found == []


def opened_by(safe: Safe, password: str) -> Restic:
    """The stack's repository with a password."""
    return Restic(str(safe.stack.restic_repository), {"RESTIC_PASSWORD": password}, binary=str(debian.restic()))


def drop_restored(safe: Safe) -> None:
    for database in safe.stack.postgres.names_like(f"{TARGET}%"):
        safe.stack.odoo_parts.drop(database)


def rows(safe: Safe, database: str, query: str) -> list[tuple[Any, ...]]:
    with safe.stack.postgres.admin(database) as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def oid(safe: Safe, database: str) -> int:
    [(number,)] = rows(safe, "postgres", f"SELECT oid FROM pg_database WHERE datname = '{database}'")
    return int(number)
