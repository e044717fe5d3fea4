"""A ledger filled with a plausible past, on the real PostgreSQL."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from dev.stack.services.postgres import Postgres
from ofitec.ledger import Ledger, open_ledger
from tests.ofitec.board.past import NOW, fill


@pytest.fixture(scope="package")
def past(postgres: Postgres) -> Iterator[Ledger]:
    """Three years of nights, proofs and forms of two companies, ending at NOW. Read only."""
    postgres.drop("ledger_of_the_past")
    postgres.create("ledger_of_the_past", "ofitec")
    ledger = open_ledger(postgres.dsn("ledger_of_the_past", "ofitec"))
    fill(ledger, NOW)
    yield ledger
    ledger.engine.dispose()
    postgres.drop("ledger_of_the_past")


@pytest.fixture
def now() -> datetime:
    """The moment at which the past ends."""
    return NOW.astimezone(UTC)
