"""Two repositories on S3: with one pair of keys, and with two, of which each storage sees its own only."""

import dataclasses
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from ofitec.backup import copying, proof
from ofitec.backup.job import Job
from ofitec.clients import restic_copy
from ofitec.errors import InputError
from ofitec.ledger import backups
from tests.ofitec.backup import programs
from tests.ofitec.backup.nights import back_up
from tests.ofitec.backup.test_s3 import KEYS, on_s3

OTHERS = {"AWS_ACCESS_KEY_ID": "AKIASEGUNDA", "AWS_SECRET_ACCESS_KEY": "otro/secreto+s3"}
_CREDENTIAL = re.compile(rb"Credential=(\w+)/")


@contextmanager
def tap(port: int) -> Iterator[tuple[int, set[str]]]:
    """A port that forwards to another, and whose keys came by it."""
    seen: set[str] = set()
    server = socket.create_server(("127.0.0.1", 0))

    def forward(source: socket.socket, sink: socket.socket, listen: bool) -> None:
        with suppress(OSError):
            while chunk := source.recv(1 << 16):
                if listen:
                    seen.update(found.decode() for found in _CREDENTIAL.findall(chunk))
                sink.sendall(chunk)
            sink.shutdown(socket.SHUT_WR)

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = server.accept()
                other = socket.create_connection(("127.0.0.1", port))
                threading.Thread(target=forward, args=[client, other, True], daemon=True).start()
                threading.Thread(target=forward, args=[other, client, False], daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield server.getsockname()[1], seen
    server.close()


def on_other(second: Job, port: int, keys: dict[str, str]) -> Job:
    address = f"s3:http://127.0.0.1:{port}/copias-{second.database.name.replace('_', '-')}/odoo"
    client = dataclasses.replace(second.restic, repository=address, secrets={**second.restic.secrets, **keys})
    return dataclasses.replace(second, restic=client, pruner=client)


def test_with_one_pair_of_keys(job: Job, second: Job, moto: int) -> None:
    first = on_s3(job, moto, job.restic.limits)
    first.restic.init()
    back_up(first)
    other = on_other(second, moto, KEYS)
    [copy] = copying.copy(first, other, run_id="r", create_repository=True)["copied"]
    proof.prove(other, copy, run_id="r")
    assert backups.proofs(job.ledger, copy)[0].outcome == backups.PASSED


def test_with_two_pairs_each_storage_sees_its_own(
    job: Job, second: Job, moto: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with tap(moto) as (one, ours), tap(moto) as (two, theirs):
        first = on_s3(job, one, job.restic.limits)
        first.restic.init()
        back_up(first)
        other = on_other(second, two, OTHERS)
        monkeypatch.setenv("PATH", f"{programs.rclone_folder()}:/usr/bin:/bin")
        [copy] = copying.copy(first, other, run_id="r", create_repository=True)["copied"]
        assert copying.copy(first, other, run_id="r")["copied"] == []
        assert (ours, theirs) == ({"AKIAPRUEBA"}, {"AKIASEGUNDA"})
        proof.prove(other, copy, run_id="r")
    assert backups.proofs(job.ledger, copy)[0].outcome == backups.PASSED
    for secret in (*KEYS.values(), *OTHERS.values()):
        assert secret not in caplog.text


def test_two_pairs_without_rclone_are_refused_before_anything_is_done(
    job: Job, second: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(InputError, match=r"different keys.*install rclone") as refused:
        restic_copy.require_reachable(on_other(second, 1, OTHERS).restic, on_s3(job, 1, job.restic.limits).restic)
    assert KEYS["AWS_SECRET_ACCESS_KEY"] not in str(refused.value)
