"""Fixtures of the package's tests: a ledger of their own on the real PostgreSQL."""

import uuid
from collections.abc import Iterator

import pytest

from dev.stack.services.postgres import Postgres
from ofitec.ledger import Ledger, open_ledger


@pytest.fixture
def ledger_dsn(postgres: Postgres) -> Iterator[str]:
    """Address of an empty database for a ledger, dropped afterwards."""
    name = f"ledger_{uuid.uuid4().hex[:12]}"
    postgres.create(name, "ofitec")
    yield postgres.dsn(name, "ofitec")
    postgres.drop(name)


@pytest.fixture
def ledger(ledger_dsn: str) -> Iterator[Ledger]:
    """A migrated ledger."""
    opened = open_ledger(ledger_dsn)
    yield opened
    opened.engine.dispose()
