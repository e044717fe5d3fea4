"""A host that archives, a ledger and a place for what is restored on another server, and real restic."""

import dataclasses
from collections.abc import Iterator

import pytest

from ofitec.backup.job import Job, Rules
from ofitec.clients.restic import Limits, Restic
from ofitec.continuous import minutes
from ofitec.ledger import open_ledger
from tests.ofitec.backup import programs
from tests.ofitec.backup.cluster import LEDGER, Cluster, running
from tests.ofitec.backup.restic_files import cheapen
from tests.ofitec.continuous.host import NAME, Host

PASSWORD = "frase-de-restic/secreta&1"
RULES = Rules(lock_timeout=2, exclusive_wait=20, lock_stale=3, min_bytes=10_000, keep_floor=1, restore_timeout=120)


@pytest.fixture(scope="session")
def elsewhere() -> Iterator[Cluster]:
    """Another machine's server: it holds the ledger, and gets what is restored."""
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def host(elsewhere: Cluster) -> Iterator[Host]:
    made = Host()
    try:
        made.make()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="session")
def job(host: Host, elsewhere: Cluster) -> Iterator[Job]:
    """Odoo is on the host."""
    made = job_of(host, elsewhere, "continuous_ledger")
    yield made
    made.ledger.engine.dispose()


@pytest.fixture
def rules(host: Host) -> minutes.Rules:
    return minutes.Rules(cluster=host.cluster)


def job_of(host: Host, elsewhere: Cluster, ledger: str) -> Job:
    folder = host.folder / f"worker-{ledger}"
    (folder / "work").mkdir(parents=True, mode=0o700)
    client = Restic(
        str(folder / "restic"), {"RESTIC_PASSWORD": PASSWORD}, binary=programs.restic_binary(), cache=folder / "cache",
        limits=Limits(whole=120, opening=30, stall=30),
    )  # fmt: skip
    client.init()
    cheapen(folder / "restic", PASSWORD)
    elsewhere.create(ledger, owner="ledger")
    return Job(
        env="prueba",
        database=host.database,
        filestore=host.filestore,
        restic=client,
        pruner=client,
        ledger=open_ledger(f"postgresql://ledger:{LEDGER}@127.0.0.1:{elsewhere.port}/{ledger}"),
        scratch=host.database,
        work=folder / "work",
        rules=RULES,
    )


def at(job: Job, elsewhere: Cluster) -> Job:
    """The same job after Odoo moved to another server: its own may be gone."""
    there = elsewhere.database(NAME)
    return dataclasses.replace(job, database=there, scratch=there)
