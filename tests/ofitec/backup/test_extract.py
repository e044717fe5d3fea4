"""One thing back out of a real backup: the right bytes, the right rows, no secret, and nothing left on the disk."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from ofitec.backup import copying, proof
from ofitec.backup.copy_text import children, fields
from ofitec.backup.extract import Wanted, extract
from ofitec.backup.job import Job
from ofitec.clients.restic_errors import RepositoryDamaged
from ofitec.clients.storage import Storage
from ofitec.errors import InputError
from ofitec.ledger import backups
from tests.ofitec.backup.nights import back_up
from tests.ofitec.backup.odoo_like import attach

AT = datetime(2026, 11, 27, 20, 0, tzinfo=UTC)
ODD = 'a\tb\nc\\d "e", ñ =1+1 \\N \x07'


def brought(job: Job, tmp_path: Path, wanted: Wanted, key: str = "") -> tuple[dict[str, Any], Path]:
    storage = Storage.from_url(f"file://{tmp_path}/exports")
    done = extract(job, key, wanted, storage, run_id="r", at=AT)
    assert list(job.work.glob("extract-*")) == []
    folder = tmp_path / "exports" / "extract" / done["backup"] / "20261127T200000Z"
    assert done["folder"] == f"file://{folder}"
    about = json.loads((folder / "manifest.json").read_text())
    assert about["files"] == done["files"]
    assert {path.name for path in folder.iterdir()} == {*done["files"], "manifest.json"}
    return done, folder


def rows(folder: Path, table: str) -> list[dict[str, str]]:
    with (folder / f"{table}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def refused(job: Job, tmp_path: Path, wanted: Wanted, words: str, key: str = "") -> str:
    with pytest.raises(InputError, match=words) as error:
        brought(job, tmp_path, wanted, key)
    assert not (tmp_path / "exports" / "extract").exists()
    assert list(job.work.glob("extract-*")) == []
    return str(error.value)


def test_an_attachment_by_its_number_or_its_name(job: Job, tmp_path: Path) -> None:
    with job.database.connect() as conn:
        attach(conn, job.filestore, b"%PDF of the invoice", "Factura 33 / Ñandú?.pdf")
        [number] = conn.execute("SELECT max(id) FROM ir_attachment").fetchone() or (0,)
    key = back_up(job)
    with job.database.connect() as conn:  # production has lost it since
        conn.execute("DELETE FROM ir_attachment WHERE id = %s", [number])
    refused(job, tmp_path, Wanted("attachment", number), "is proven yet")  # none is taken that nobody restored
    proof.prove(job, key, run_id="r")
    done, folder = brought(job, tmp_path, Wanted("attachment", number))
    assert done["backup"] == key
    assert list(done["files"]) == [f"{number}-Factura 33 _ Ñandú_.pdf"]
    assert (folder / next(iter(done["files"]))).read_bytes() == b"%PDF of the invoice"
    again, _ = brought(job, tmp_path, Wanted("attachment", name="Factura 33 / Ñandú?.pdf"), key)
    assert again["files"] == done["files"]
    with job.database.connect() as conn:
        assert conn.execute("SELECT 1 FROM ir_attachment WHERE id = %s", [number]).fetchone() is None


def test_of_several_of_one_name_it_asks_which(job: Job, tmp_path: Path) -> None:
    with job.database.connect() as conn:
        numbers = [
            conn.execute(
                "INSERT INTO ir_attachment (name, res_model) VALUES ('igual.pdf', 'x') RETURNING id"
            ).fetchone()
            for _ in range(2)
        ]
    key = back_up(job)
    said = refused(job, tmp_path, Wanted("attachment", name="igual.pdf"), "Hay 2 adjuntos", key)
    assert all(str(number[0]) in said for number in numbers if number)
    refused(job, tmp_path, Wanted("attachment", name="otro.pdf"), "no tiene un adjunto con ese nombre", key)
    refused(job, tmp_path, Wanted("attachment", 10**6), "no tiene un adjunto número 1000000", key)
    first = numbers[0]
    assert first is not None
    refused(job, tmp_path, Wanted("attachment", first[0]), "no tiene contenido", key)


def test_an_attachment_of_the_database_itself(job: Job, tmp_path: Path) -> None:
    with job.database.connect() as conn:
        conn.execute("ALTER TABLE ir_attachment ADD db_datas bytea")
        found = conn.execute(
            "INSERT INTO ir_attachment (name, db_datas) VALUES ('logo', %s) RETURNING id", [b"\x00\xff\\\n"]
        ).fetchone()
    assert found is not None
    _, folder = brought(job, tmp_path, Wanted("attachment", found[0]), back_up(job))
    assert (folder / f"{found[0]}-logo").read_bytes() == b"\x00\xff\\\n"


def test_bytes_that_are_not_those_of_the_row_are_not_delivered(job: Job, tmp_path: Path) -> None:
    with job.database.connect() as conn:
        conn.execute("UPDATE ir_attachment SET checksum = repeat('0', 40) WHERE id = 1")
    key = back_up(job)
    with pytest.raises(RepositoryDamaged, match=r"Attachment 1 .* has not the bytes of its checksum"):
        brought(job, tmp_path, Wanted("attachment", 1), key)
    assert not (tmp_path / "exports" / "extract").exists()


def test_a_record_with_what_is_part_of_it(job: Job, tmp_path: Path) -> None:
    with job.database.connect() as conn:
        conn.execute(
            "UPDATE account_move SET name = %s, date = NULL, extra = %s WHERE id = 7", [ODD, Jsonb({"a": "\t"})]
        )
    key = back_up(job)
    done, folder = brought(job, tmp_path, Wanted("record", table="account.move", record=7), key)
    [move] = rows(folder, "account_move")
    assert (move["id"], move["name"], move["date"], json.loads(move["extra"])) == ("7", ODD, "", {"a": "\t"})
    lines = rows(folder, "account_move_line")
    with job.database.connect() as conn:
        there = conn.execute("SELECT id::text, balance::text FROM account_move_line WHERE move_id = 7").fetchall()
    assert sorted((line["id"], line["balance"]) for line in lines) == sorted(there)
    assert done["files"] == {"account_move.csv": 1, "account_move_line.csv": len(there)}  # and not its customer


def test_a_table_whole_and_without_its_secrets(job: Job, tmp_path: Path) -> None:
    with job.database.connect() as conn:
        conn.execute("CREATE TABLE res_users (id serial, login text, password text, totp_secret text, passport text)")
        conn.execute(
            "INSERT INTO res_users (login, password, totp_secret, passport) VALUES ('ana', 'pbkdf2', 's', 'p')"
        )
    key = back_up(job)
    done, folder = brought(job, tmp_path, Wanted("table", table="res_users"), key)
    assert rows(folder, "res_users") == [{"id": "1", "login": "ana", "passport": "p"}]
    assert done["withheld"] == ["res_users.password", "res_users.totp_secret"]
    done, _ = brought(job, tmp_path / "b", Wanted("table", table="account.move.line"), key)
    assert done["files"] == {"account_move_line.csv": 20000}
    refused(job, tmp_path / "c", Wanted("table", table="sale.order"), "no tiene la tabla sale_order", key)
    refused(job, tmp_path / "c", Wanted("table", table="ir.config_parameter"), "solo contiene claves", key)
    refused(job, tmp_path / "c", Wanted("record", table="account.move", record=10**6), "no tiene un registro", key)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (Wanted("attachment"), "por su número"),
        (Wanted("attachment", 1, "x"), "uno de los dos"),
        (Wanted("table"), "no es una tabla"),
        (Wanted("table", table="a; DROP"), "no es una tabla"),
        (Wanted("table", table="--help"), "no es una tabla"),
        (Wanted("record", table="account.move"), "Falta el número"),
    ],
)
def test_what_is_not_clear_is_asked_for(wanted: Wanted, words: str) -> None:
    with pytest.raises(InputError, match=words):
        wanted.checked()


def test_out_of_the_second_repository_when_the_first_is_gone(job: Job, second: Job, tmp_path: Path) -> None:
    key = back_up(job)
    [copy] = copying.copy(job, second, run_id="r", create_repository=True)["copied"]
    Path(job.restic.repository).rename(tmp_path / "away")
    done, folder = brought(second, tmp_path, Wanted("attachment", 3), key)
    assert done["backup"] == copy
    [file] = done["files"]
    with job.database.connect() as conn:
        row = conn.execute("SELECT store_fname FROM ir_attachment WHERE id = 3").fetchone()
    assert row is not None
    assert (folder / file).read_bytes() == (job.filestore / row[0]).read_bytes()
    assert backups.newest_proven(job.ledger, job.env) is None


def test_a_row_of_copys_text() -> None:
    assert fields(r"1	\N	a\tb\\c\n\\N		\x41\101") == ["1", None, "a\tb\\c\n\\N", "", "AA"]


def test_what_is_part_of_a_table_goes_with_it() -> None:
    schema = """
ALTER TABLE ONLY public.account_move_line
    ADD CONSTRAINT line_move FOREIGN KEY (move_id) REFERENCES public.account_move(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.account_move
    ADD CONSTRAINT move_partner FOREIGN KEY (partner_id) REFERENCES public.res_partner(id) ON DELETE RESTRICT;
ALTER TABLE ONLY public.x
    ADD CONSTRAINT x FOREIGN KEY (a) REFERENCES public.account_move(id) ON DELETE SET NULL;
"""
    assert children(schema, "account_move") == {"account_move_line": "move_id"}
    assert children(schema, "res_partner") == {}
