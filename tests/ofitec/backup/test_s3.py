"""A repository on S3 (moto's server), and a storage that refuses, stalls or goes away half-way."""

import dataclasses
import os
import subprocess
import time

import pytest

from ofitec.backup import nightly, proof, retention
from ofitec.backup.job import Job
from ofitec.clients.restic import Limits
from ofitec.clients.restic_errors import RepositoryMissing, RepositoryUnreachable
from ofitec.ledger import backups
from tests.ofitec.backup.nights import back_up
from tests.ofitec.backup.tcp_proxy import TcpProxy

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAPRUEBA", "AWS_SECRET_ACCESS_KEY": "secreto/de+s3"}
# far below the settings' defaults, so that a stall is seen in seconds
QUICK = Limits(whole=60, opening=5, stall=3, grace=1)


def on_s3(job: Job, port: int, limits: Limits) -> Job:
    address = f"s3:http://127.0.0.1:{port}/respaldos-{job.database.name.replace('_', '-')}/odoo"
    client = dataclasses.replace(job.restic, repository=address, secrets={**job.restic.secrets, **KEYS}, limits=limits)
    return dataclasses.replace(job, restic=client, pruner=client)


def test_night_and_proof_on_s3(job: Job, moto: int) -> None:
    remote = on_s3(job, moto, job.restic.limits)
    with pytest.raises(RepositoryMissing):
        nightly.preflight(on_s3(job, moto, QUICK), run_id="r")
    remote.restic.init()
    key = back_up(remote)
    retention.apply(remote, run_id="r")
    proof.prove(remote, key, run_id="r", read_data=True)
    assert backups.proofs(job.ledger, key)[0].outcome == backups.PASSED


@pytest.mark.parametrize("fault", ["refuse", "stall"])
def test_storage_that_does_not_answer(job: Job, moto: int, fault: str) -> None:
    proxy = TcpProxy(moto, fault=fault, after=0)
    start = time.monotonic()
    with pytest.raises(RepositoryUnreachable, match=r"s3:http://127.0.0.1:\d+/.*(did not end|does not answer)"):
        nightly.preflight(on_s3(job, proxy.port, QUICK), run_id="r")
    proxy.close()
    assert time.monotonic() - start < 30


@pytest.mark.drill
@pytest.mark.parametrize("fault", ["refuse", "stall"])
def test_storage_that_goes_away_half_way(job: Job, moto: int, fault: str) -> None:
    healthy = on_s3(job, moto, job.restic.limits)
    healthy.restic.init()
    proxy = TcpProxy(moto, fault=fault, after=400_000)
    name = healthy.restic.repository.split("/", 3)[3]
    client = dataclasses.replace(healthy.restic, repository=f"s3:http://127.0.0.1:{proxy.port}/{name}", limits=QUICK)
    start = time.monotonic()
    with pytest.raises(RepositoryUnreachable, match="restic backup"):
        nightly.snapshot(dataclasses.replace(healthy, restic=client, pruner=client), run_id="r")
    assert proxy.broken
    proxy.close()
    # the whole group ended, not only when S3 came back
    assert time.monotonic() - start < 60
    assert not restic_runs()
    # the storage is back: the lock that was left goes, and the next night works
    key = back_up(healthy)
    assert [row.key for row in backups.of_status(job.ledger, job.env, *backups.KEPT)] == [key]
    assert {s.tag("run") for s in healthy.restic.snapshots(*job.tags)} == {key}


def restic_runs() -> bool:
    found = subprocess.run(["pgrep", "-P", str(os.getpid()), "restic"], capture_output=True, text=True, check=False)
    return bool(found.stdout.split())
