"""What each table's figure is made of: quick where a value's hash is the same in every database, safe elsewhere."""

import pytest

from ofitec.backup import figures, proof
from ofitec.backup.job import Job
from ofitec.ledger import backups
from tests.ofitec.backup.cluster import Cluster
from tests.ofitec.backup.nights import back_up
from tests.ofitec.backup.proofs import changed_copy, refuted

# types whose hash is not of what a dump writes, or that have none
_OTHERS = """
    CREATE TYPE color AS ENUM ('rojo', 'azul');
    CREATE TABLE con_enum (id int, c color);
    INSERT INTO con_enum SELECT i, 'azul' FROM generate_series(1, 9) i;
    CREATE TABLE con_lista (id int, c color[]);
    INSERT INTO con_lista VALUES (1, '{azul,rojo}');
    CREATE TABLE con_tabla (id int, t regclass);
    INSERT INTO con_tabla VALUES (1, 'res_partner');
    CREATE TABLE con_json (id int, j json, p point);
    INSERT INTO con_json VALUES (1, '{"a": 1}', '(1,2)');
    CREATE COLLATION ajena (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE TABLE con_orden (id int, t text COLLATE ajena);
    INSERT INTO con_orden VALUES (1, 'Casa');
    CREATE TABLE con_todo (a bool, b int2, c int4, d int8, e float4, f float8, g numeric, h text, i varchar(9), j date,
        k timestamp, l timestamptz, m bytea, n uuid, o jsonb);
    INSERT INTO con_todo VALUES (true, 1, 2, 3, 'NaN', '-0', 1.10, 'x', 'y', '2026-02-28', 'infinity', now(), '\\x00',
        gen_random_uuid(), '{"b": [1.0, null]}');
    CREATE TABLE sin_columnas (); INSERT INTO sin_columnas DEFAULT VALUES;
"""


def test_a_value_that_each_database_numbers_anew_refutes_nothing(job: Job, cluster: Cluster) -> None:
    with cluster.admin(job.database.name) as conn:
        conn.execute("CREATE TABLE uno_antes (id int); ALTER TABLE res_partner ADD sobra int")
        conn.execute("ALTER TABLE res_partner DROP sobra")
        conn.execute(_OTHERS)
        conn.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO odoo")
    key = back_up(job)
    proof.prove(job, key, run_id="r")
    row = backups.get(job.ledger, key)
    assert row is not None
    known = figures.Figures.model_validate(row.figures)
    by_text = {name.removeprefix("public.") for name, table in known.tables.items() if table.of == "text"}
    assert by_text == {"con_enum", "con_lista", "con_tabla", "con_json", "con_orden"}


@pytest.mark.parametrize(
    "change",
    ["a = false", "b = 9", "d = -3", "e = 0", "f = 1e-300", "g = 1.11", "h = NULL", "h = 'X'", "j = '2026-03-01'",
     "k = NULL", "l = l + interval '1 microsecond'", "m = '\\x0000'", "o = '{\"b\": [1.0, 0]}'"],
)  # fmt: skip
def test_each_changed_value_is_another_figure(job: Job, cluster: Cluster, change: str) -> None:
    with cluster.admin(job.database.name) as conn:
        conn.execute(_OTHERS)
        before = figures.take(conn).tables["public.con_todo"]
        conn.execute(f"UPDATE con_todo SET {change} WHERE a")
        after = figures.take(conn).tables["public.con_todo"]
    assert (before.of, after.rows) == ("values", 1)
    assert before.sum != after.sum


@pytest.mark.parametrize("damage", [False, True], ids=["whole", "wrong row"])
def test_a_backup_of_an_earlier_version_is_compared_as_it_was_made(
    job: Job, cluster: Cluster, monkeypatch: pytest.MonkeyPatch, damage: bool
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(figures, "_BY_VALUE", [])
        key = back_up(job)
    forget_how(job, key)
    if damage:
        changed_copy(monkeypatch, cluster, "UPDATE res_partner SET vat = '1-9' WHERE id = 7")
        refuted(job, key, "res_partner has 200 rows as it should, but with other")
    else:
        proof.prove(job, key, run_id="r")


def forget_how(job: Job, key: str) -> None:
    """The ledger's row as earlier versions wrote it."""
    row = backups.get(job.ledger, key)
    assert row is not None
    assert row.figures is not None
    tables = {name: {"rows": table["rows"], "sum": table["sum"]} for name, table in row.figures["tables"].items()}
    assert {table["of"] for table in row.figures["tables"].values()} == {"text"}
    backups.change(job.ledger, key, figures={**row.figures, "tables": tables})
