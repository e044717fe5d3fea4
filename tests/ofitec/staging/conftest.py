"""The same real PostgreSQL, restic and job as the backups' tests; and a production in a real Odoo to copy."""

from collections.abc import Iterator

import pytest

from dev.stack.local_stack import LocalStack
from dev.stack.services.odoo import Odoo
from ofitec.backup.job import Job
from ofitec.staging import keeping
from tests.ofitec.backup.conftest import (  # noqa: F401 - fixtures
    cluster,
    empty_repository,
    job,
    repository,
    restic_binary,
    templates,
)
from tests.ofitec.staging import production


@pytest.fixture
def source(job: Job, local_stack: LocalStack, odoo_parts: Odoo) -> Iterator[Job]:  # noqa: F811 - the fixture above
    """The job on the demo company with people in it; its staging copy is gone afterwards."""
    with production.production(local_stack, job) as found:
        yield found
        keeping.remove(found)
