"""A small database in the shape of an Odoo's, with a filestore: enough of it for backups, made in a second."""

import hashlib
import random
from pathlib import Path

import psycopg

SCHEMA = """
    CREATE TABLE ir_module_module (id serial PRIMARY KEY, name text UNIQUE, state text, latest_version text);
    INSERT INTO ir_module_module (name, state, latest_version)
        VALUES ('base', 'installed', '19.0.1.3'), ('l10n_cl', 'installed', '19.0.3.1'), ('sale', 'uninstalled', NULL);
    CREATE TABLE res_partner (id serial PRIMARY KEY, name text NOT NULL, vat text, create_date timestamp DEFAULT now());
    CREATE TABLE account_move (id serial PRIMARY KEY, name text, date date, partner_id int REFERENCES res_partner,
        amount numeric(16, 2), extra jsonb);
    CREATE TABLE account_move_line (id serial PRIMARY KEY,
        move_id int NOT NULL REFERENCES account_move ON DELETE CASCADE, balance numeric, rate double precision, t text);
    CREATE TABLE ir_attachment (id serial PRIMARY KEY, name text, store_fname text, checksum text, file_size int,
        res_model text);
    CREATE TABLE ir_cron (id serial PRIMARY KEY, active boolean);
    CREATE SEQUENCE folio_33; SELECT setval('folio_33', 4711);
    INSERT INTO res_partner (name, vat)
        SELECT 'Cliente Ñandú ' || i, (76000000 + i) || '-K' FROM generate_series(1, 200) i;
    INSERT INTO account_move (name, date, partner_id, amount, extra)
        SELECT 'F ' || i, date '2026-08-01' + i % 30, 1 + i % 200, i * 1190, jsonb_build_object('folio', i)
        FROM generate_series(1, 2000) i;
    INSERT INTO account_move_line (move_id, balance, rate, t)
        SELECT 1 + i % 2000, i * 1.19, sqrt(i), md5(i::text) FROM generate_series(1, 20000) i;
"""


def fill(conn: psycopg.Connection, filestore: Path, *, files: int = 60, seed: int = 1) -> None:
    """Create the tables, and `files` attachments with their files."""
    conn.execute(SCHEMA)
    for number in range(files):
        attach(conn, filestore, random.Random(seed * 1000 + number).randbytes(200 + 97 * number), f"documento {number}")


def attach(conn: psycopg.Connection, filestore: Path, content: bytes, name: str) -> str:
    """Add an attachment as Odoo does: first the file, then the row. Returns its store_fname."""
    digest = hashlib.sha1(content).hexdigest()
    path = filestore / digest[:2] / digest
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    store_fname = f"{digest[:2]}/{digest}"
    conn.execute(
        "INSERT INTO ir_attachment (name, store_fname, checksum, file_size, res_model) VALUES (%s, %s, %s, %s, 'x')",
        [name, store_fname, digest, len(content)],
    )
    return store_fname
