"""Real PostgreSQL, real restic, a small Odoo-like database, and a fresh repository for each test."""

import dataclasses
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from ofitec.backup.job import SECOND_CONNECTION, Job, Rules
from ofitec.clients.restic import Limits, Restic
from ofitec.ledger import open_ledger
from ofitec.settings import settings
from tests.ofitec.backup import odoo_like, programs
from tests.ofitec.backup.cluster import LEDGER, Cluster, running
from tests.ofitec.backup.restic_files import cheapen
from tests.ofitec.backup.s3_server import moto_server

# their asserts too show what they compared
pytest.register_assert_rewrite("tests.ofitec.backup.nights", "tests.ofitec.backup.proofs")

PASSWORD = "frase-larga/secreta&1"
LIMITS = Limits(whole=120, opening=30, stall=30)
RULES = Rules(lock_timeout=2, exclusive_wait=5, lock_stale=3, min_bytes=10_000, keep_floor=1, restore_timeout=120)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def moto() -> Iterator[int]:
    """The port of an S3 server."""
    with moto_server() as port:
        yield port


@pytest.fixture(scope="session")
def restic_binary() -> str:
    return programs.restic_binary()


@pytest.fixture(scope="session")
def templates(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Template databases `t_odoo`, `t_ledger`; returns the filestore that belongs to the first."""
    filestore = tmp_path_factory.mktemp("template") / "filestore"
    with cluster.create("t_odoo").connect() as conn:
        odoo_like.fill(conn, filestore)
    cluster.create("t_ledger", owner="ledger")
    ledger = open_ledger(f"postgresql://ledger:{LEDGER}@127.0.0.1:{cluster.port}/t_ledger")
    ledger.engine.dispose()
    return filestore


@pytest.fixture(scope="session")
def empty_repository(restic_binary: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template") / "repository"
    Restic(str(folder), {"RESTIC_PASSWORD": PASSWORD}, binary=restic_binary, limits=LIMITS).init()
    cheapen(folder, PASSWORD)
    return folder


@pytest.fixture
def repository(empty_repository: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(empty_repository, tmp_path / "repository"))


@pytest.fixture
def job(cluster: Cluster, templates: Path, restic_binary: str, repository: Path, tmp_path: Path) -> Iterator[Job]:
    """A job of its own databases, filestore, repository and ledger."""
    name = uuid4().hex[:8]
    odoo, ledger_name = f"odoo_{name}", f"ledger_{name}"
    database = cluster.create(odoo, "t_odoo")
    cluster.create(ledger_name, "t_ledger", owner="ledger")
    filestore = Path(shutil.copytree(templates, tmp_path / "filestore"))
    work = tmp_path / "work"
    work.mkdir()
    client = Restic(
        str(repository),
        {"RESTIC_PASSWORD": PASSWORD},
        host="odoo",
        binary=restic_binary,
        cache=tmp_path / "cache",
        limits=LIMITS,
    )
    ledger = open_ledger(f"postgresql://ledger:{LEDGER}@127.0.0.1:{cluster.port}/{ledger_name}")
    yield Job(
        env="prueba",
        database=database,
        filestore=filestore,
        restic=client,
        pruner=client,
        ledger=ledger,
        scratch=database,
        work=work,
        rules=RULES,
    )
    ledger.engine.dispose()
    cluster.drop(odoo)
    cluster.drop(ledger_name)


@pytest.fixture
def second(job: Job, tmp_path: Path) -> Job:
    """The same installation on a second repository that does not exist yet, with a password of its own."""
    repository = tmp_path / "second"
    client = dataclasses.replace(
        job.restic, repository=str(repository), secrets={"RESTIC_PASSWORD": f"{PASSWORD} de la segunda"}
    )
    return dataclasses.replace(job, restic=client, pruner=client, connection=SECOND_CONNECTION)


@pytest.fixture
def pg_dump_as(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Puts a shell script in pg_dump's place; the real one is $REAL. Called with "" it puts the real one back."""

    def replace(script: str) -> None:
        folder = tmp_path / "pg_bin"
        folder.mkdir(exist_ok=True)
        real = cluster.bin / "pg_dump"
        program = folder / "pg_dump"
        # the version is asked of the real one
        head = f'#!/bin/bash\nREAL={real}\n[ "$1" = --version ] && exec $REAL --version\n'
        program.write_text(head + (script or 'exec $REAL "$@"') + "\n")
        program.chmod(0o755)
        monkeypatch.setenv("OFITEC_PG_BIN", str(folder))
        settings.cache_clear()

    yield replace
    monkeypatch.undo()
    settings.cache_clear()
