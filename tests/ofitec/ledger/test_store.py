"""The ledger's schema: made once, by whoever comes first, and never by an older package over a newer one."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from ofitec.errors import PermanentError
from ofitec.ledger import Ledger, open_ledger
from ofitec.ledger.store import LedgerDown, migrate
from ofitec.ledger.tables import SCHEMA, Base


def test_migrations_make_exactly_the_tables_that_the_code_knows(ledger: Ledger) -> None:
    with ledger.engine.connect() as conn:
        options = {
            "version_table_schema": SCHEMA,
            "include_schemas": True,
            "include_name": lambda name, kind, parents: kind != "schema" or name == SCHEMA,
        }
        difference = compare_metadata(MigrationContext.configure(conn, opts=options), Base.metadata)
    assert [entry for entry in difference if entry[0] not in ("remove_index", "remove_table")] == []
    with ledger.engine.connect() as conn:
        tables = set(conn.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'ofitec'")).scalars())
    assert tables == {table.name for table in Base.metadata.sorted_tables} | {"alembic_version"}


def test_four_processes_at_once_migrate_once(ledger_dsn: str) -> None:
    engines = [create_engine(ledger_dsn.replace("postgresql://", "postgresql+psycopg://")) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(migrate, engines))
    with engines[0].connect() as conn:
        assert conn.execute(text("SELECT count(*) FROM ofitec.alembic_version")).scalar() == 1
    for engine in engines:
        engine.dispose()


def test_a_schema_of_a_newer_package_is_left_alone(ledger: Ledger) -> None:
    with ledger.engine.begin() as conn:
        conn.execute(text("UPDATE ofitec.alembic_version SET version_num = '9999'"))
    with pytest.raises(PermanentError, match=r"revision 9999.*newer"):
        migrate(ledger.engine)


def test_a_ledger_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(LedgerDown, match="ofitec_ledger") as refused:
        open_ledger("postgresql://ofitec:s3cr3t-word@127.0.0.1:1/none")
    assert "s3cr3t-word" not in str(refused.value)
