"""Odoo's databases at the host, on a real PostgreSQL reached by psql."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from typing import cast

import pytest

from ofitec.deploy.host.machine.database import Databases
from ofitec.deploy.host.machine.engine import Engine
from ofitec.errors import PermanentError
from tests.ofitec.backup.cluster import SUPER, Cluster


class Machine:
    """Runs psql here instead of in PostgreSQL's container."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def execute(self, service: str, argv: Sequence[str], *, what: str, stdin: str = "", timeout: float = 60) -> str:
        assert (service, argv[:3]) == ("db", ["psql", "--username", "postgres"])
        reach = {"PGHOST": "127.0.0.1", "PGPORT": str(self._cluster.port), "PGPASSWORD": SUPER}
        command = [str(self._cluster.bin / "psql"), "--username", "super", *argv[3:]]
        done = subprocess.run(
            command,
            input=stdin,
            env={**os.environ, **reach},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if done.returncode:
            raise PermanentError(f"{what}: {done.stderr}")
        return done.stdout


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    server = Cluster()
    try:
        server.start()
        yield server
    finally:
        server.stop()


def test_a_clone_has_the_same_rows_and_says_what_it_is(cluster: Cluster) -> None:
    """On whatever PostgreSQL this machine has: only 18 knows how to let the file system share the blocks."""
    cluster.create("viva")
    with cluster.admin("viva") as conn:
        conn.execute("CREATE TABLE account_move AS SELECT i AS id FROM generate_series(1, 1000) i")
    databases = Databases(cast("Engine", Machine(cluster)))
    oid = databases.clone("viva", "copia", "ofitec: clone for release 7")
    assert oid == databases.oid("copia") != 0
    assert databases.query("SELECT count(*), sum(id) FROM account_move", "copia") == [["1000", "500500"]]
    described = databases.query(f"SELECT shobj_description({oid}, 'pg_database')")
    assert described == [["ofitec: clone for release 7"]]
    with pytest.raises(PermanentError, match="already exists"):
        databases.clone("viva", "copia", "another")
    assert databases.oid("copia") == oid
