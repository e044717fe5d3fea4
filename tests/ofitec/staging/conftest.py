"""The same real PostgreSQL, restic and job as the backups' tests; and a production in a real Odoo to copy."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.stack.local_stack import LocalStack
from dev.stack.services.odoo import Odoo
from ofitec.backup.job import Job
from ofitec.clients.restic import Restic
from ofitec.ledger import open_ledger
from ofitec.staging import keeping
from tests.ofitec.backup.cluster import LEDGER, Cluster
from tests.ofitec.backup.conftest import (  # noqa: F401 - fixtures
    LIMITS,
    PASSWORD,
    RULES,
    cluster,
    empty_repository,
    job,
    repository,
    restic_binary,
    templates,
)
from tests.ofitec.staging import production


@pytest.fixture(scope="module")
def source(
    cluster: Cluster,  # noqa: F811 - the fixtures above
    templates: Path,  # noqa: F811
    restic_binary: str,  # noqa: F811
    empty_repository: Path,  # noqa: F811
    local_stack: LocalStack,
    odoo_parts: Odoo,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Job]:
    """A job on the demo company with people in it, one for a module's tests; its staging copy is gone afterwards."""
    folder = tmp_path_factory.mktemp("staging")
    repository = str(shutil.copytree(empty_repository, folder / "repository"))  # noqa: F811
    secrets = {"RESTIC_PASSWORD": PASSWORD}
    restic = Restic(repository, secrets, host="odoo", binary=restic_binary, cache=folder / "cache", limits=LIMITS)
    (folder / "work").mkdir()
    cluster.create("staging_ledger", "t_ledger", owner="ledger")
    ledger = open_ledger(f"postgresql://ledger:{LEDGER}@127.0.0.1:{cluster.port}/staging_ledger")
    unused = cluster.database("postgres")
    given = Job(
        env="prueba",
        database=unused,
        filestore=folder,
        restic=restic,
        pruner=restic,
        ledger=ledger,
        scratch=unused,
        work=folder / "work",
        rules=RULES,
    )
    with production.production(local_stack, given) as found:
        yield found
        keeping.remove(found)
    ledger.engine.dispose()
    cluster.drop("staging_ledger")
