"""One thing back: an attachment, a table, or a record with what is part of it, out of a backup, without restoring it.

The dump is fetched to the work disk and read by pg_restore, one pass and no database; of the filestore only the one
file is fetched. What comes of it goes to the export storage, whole or not at all. It is the company's data as it was,
so nothing of it stands in a log or a message; passwords and keys are left out of it.
"""

import csv
import hashlib
import json
import logging
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Literal

from ofitec.backup import copy_text, repository, retrieval
from ofitec.backup.copy_text import Row, Table
from ofitec.backup.job import DATABASE, DUMP_FILE, FILESTORE, Job
from ofitec.clients import postgres
from ofitec.clients.restic_errors import RepositoryDamaged
from ofitec.clients.restic_progress import Progress
from ofitec.clients.storage import Storage
from ofitec.errors import InputError
from ofitec.ledger import backups
from ofitec.ledger.tables import BackupRun

log = logging.getLogger(__name__)

FOLDER, MANIFEST = "extract", "manifest.json"
ATTACHMENTS = "ir_attachment"
_PREFIX = "extract-"
_TABLE = re.compile(r"[a-z][a-z0-9_]{0,62}")
# keys and secrets only: who needs them restores the whole
_CLOSED = ("ir_config_parameter", "res_users_apikeys", "auth_totp_device")
_WITHHELD = re.compile(
    r"(?:^|_)(?:password|passwd|pass|secret|token|totp|api_?key|private_key|access_key|key_file|pkcs12|pfx)(?:_|$)"
)
_MOST_NAMED = 20  # attachments of one name that are listed


@dataclass(frozen=True)
class Wanted:
    """What to bring back.

    :param what: "attachment" by its id or name; "table" whole; "record": one row of it, and of what is part of it
    :param table: as Odoo names it (account.move) or PostgreSQL (account_move)
    """

    what: Literal["attachment", "table", "record"]
    attachment: int | None = None
    name: str = ""
    table: str = ""
    record: int | None = None

    def checked(self) -> "Wanted":
        """The same, its table as PostgreSQL names it.

        :raises InputError: names what is missing or wrong
        """
        if self.what == "attachment":
            if (self.attachment is None) == (not self.name):
                raise InputError("Un adjunto se pide por su número (id) o por su nombre: escriba uno de los dos.")
            return Wanted(self.what, self.attachment, self.name)
        table = self.table.strip().replace(".", "_")
        if not _TABLE.fullmatch(table):
            raise InputError(f"{self.table!r} no es una tabla: por ejemplo account.move o account_move.")
        if table in _CLOSED:
            raise InputError(f"La tabla {table} solo contiene claves: no se entrega. Restaure el respaldo completo.")
        if self.what == "record" and self.record is None:
            raise InputError("Falta el número (id) del registro.")
        return Wanted(self.what, table=table, record=self.record if self.what == "record" else None)


@dataclass
class Found:
    """What came of it. `withheld` names columns that were left out, `files` file to its rows or bytes."""

    files: dict[str, int] = field(default_factory=dict)
    withheld: list[str] = field(default_factory=list)


def extract(job: Job, key: str, wanted: Wanted, storage: Storage, *, run_id: str, at: datetime) -> dict[str, Any]:
    """Bring it back and deliver it.

    :param key: the backup; "": the newest proven one
    :param at: the moment of the run, part of the folder's name
    :return: {"backup", "folder": its address, "files": {name: rows, or the attachment's bytes}, "withheld": [columns]}
    :raises InputError: if the backup does not hold it, or what was asked for is not clear
    """
    wanted, row = wanted.checked(), _backup(job, key)
    retrieval.require_room(job, row, job.work, parts=(DATABASE,))
    with _workplace(job.work) as place:
        with repository.exclusive(job, why=f"extract {run_id}"):
            dump = repository.healing(job, lambda: _fetch(job, row, place))
            found = _attachment(job, row, dump, wanted, place) if wanted.what == "attachment" else Found()
        if wanted.what != "attachment":
            found = _rows(job, dump, wanted, place / "out")
        folder = f"{FOLDER}/{row.key}/{at:%Y%m%dT%H%M%SZ}"
        about = {
            "backup": row.key, "data_of": row.snapshot_at.isoformat() if row.snapshot_at else None, "run": run_id,
            "what": wanted.what, "table": wanted.table or None, "record": wanted.record, "files": found.files,
            "withheld": found.withheld,
        }  # fmt: skip
        (place / "out" / MANIFEST).write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n")
        names = [*found.files, MANIFEST]
        storage.place(folder, {name: place / "out" / name for name in names}, last=MANIFEST)
    done = {"backup": row.key, "folder": f"{storage.url}/{folder}", "files": found.files, "withheld": found.withheld}
    log.info("Delivered %d files to %s", len(names), done["folder"])
    return done


def _backup(job: Job, key: str) -> BackupRun:
    row = retrieval.wanted(job, key) if key else backups.newest_proven(job.ledger, job.env, job.restic.where)
    if row is None:
        raise InputError(
            f"No backup of {job.env} in {job.restic.where} is proven yet: choose one by its key (see the OFITEC board)."
            + retrieval.elsewhere(job)
        )
    return row


@contextmanager
def _workplace(work: Path) -> Iterator[Path]:
    """A folder for one run, with `out` in it; those of killed runs go first."""
    for left in work.glob(f"{_PREFIX}*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=work, prefix=_PREFIX) as folder:
        (Path(folder) / "out").mkdir()
        yield Path(folder)


def _fetch(job: Job, row: BackupRun, place: Path) -> Path:
    part = row.snapshots[DATABASE]
    job.restic.restore(part["id"], "/", place / "dump", Progress("fetch database", part["processed"]))
    dump = place / "dump" / DUMP_FILE
    if dump.stat().st_size != part["processed"]:
        raise RepositoryDamaged(f"The dump of backup {row.key} has another size than was saved.")
    return dump


def _read(job: Job, dump: Path, tables: list[str], on_row: Callable[[Table, Row], None], **more: Any) -> None:
    """Give the rows of these tables, in one pass over the dump."""
    postgres.read_tables(dump, tables, copy_text.Reader(on_row, **more).take, timeout=job.rules.restore_timeout)


def _attachment(job: Job, row: BackupRun, dump: Path, wanted: Wanted, place: Path) -> Found:
    hits: list[dict[str, str | None]] = []

    def look(table: Table, values: Row) -> None:
        own = table.value(values, "id")
        if own == str(wanted.attachment) or (wanted.name and table.value(values, "name") == wanted.name):
            hits.append(dict(zip(table.columns, values, strict=True)))

    _read(job, dump, [ATTACHMENTS], look)
    asked = f"número {wanted.attachment}" if wanted.attachment is not None else "con ese nombre"
    if not hits:
        raise InputError(f"El respaldo {row.key} no tiene un adjunto {asked}.")
    if len(hits) > 1:
        known = "; ".join(f"{hit['id']} ({hit.get('res_model')} {hit.get('res_id')}, {hit.get('create_date')})"
                          for hit in hits[:_MOST_NAMED])  # fmt: skip
        raise InputError(f"Hay {len(hits)} adjuntos {asked}: pida uno por su número. {known}")
    [hit] = hits
    file = place / "out" / f"{hit['id']}-{_file_name(hit.get('name') or '')}"
    _bring(job, row, hit, place).replace(file)
    return Found({file.name: file.stat().st_size})


def _bring(job: Job, row: BackupRun, hit: dict[str, str | None], place: Path) -> Path:
    """An attachment's file, from the filestore or the database; its bytes must have the checksum of its row."""
    if stored := hit.get("store_fname"):
        expected = retrieval.manifest(job, row)
        target, progress = place / "file", Progress("fetch file", 0)
        job.restic.restore(row.snapshots[FILESTORE]["id"], expected.filestore, target, progress, only=[f"/{stored}"])
        file = target / stored
        if not file.is_file():
            raise InputError(f"El adjunto {hit['id']} no tenía su archivo tampoco en Odoo cuando se respaldó.")
    elif data := hit.get("db_datas"):
        file = place / "file"
        file.write_bytes(bytes.fromhex(data.removeprefix("\\x")))
    else:
        raise InputError(f"El adjunto {hit['id']} no tiene contenido: es un enlace, o está vacío.")
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha1").hexdigest()
    if hit.get("checksum") not in (None, "", digest):
        raise RepositoryDamaged(f"Attachment {hit['id']} of backup {row.key} has not the bytes of its checksum.")
    return file


def _rows(job: Job, dump: Path, wanted: Wanted, out: Path) -> Found:
    """The table, or the record and what is part of it, a CSV a table."""
    by = {wanted.table: "id"} if wanted.record is not None else {}
    if wanted.record is not None:
        schema = postgres.read_schema(dump, timeout=job.rules.restore_timeout)
        by |= {child: column for child, column in copy_text.children(schema, wanted.table).items()
               if child not in _CLOSED}  # fmt: skip
    found, there = Found(), set()
    with ExitStack() as files:
        writers: dict[str, Any] = {}

        def begin(table: Table) -> None:
            there.add(table.name)
            found.withheld += [f"{table.name}.{name}" for name in table.columns if _WITHHELD.search(name)]

        def take(table: Table, values: Row) -> None:
            if by and table.value(values, by[table.name]) != str(wanted.record):
                return
            if table.name not in writers:
                sink: IO[str] = files.enter_context((out / f"{table.name}.csv").open("w", newline="", encoding="utf-8"))
                writers[table.name] = csv.writer(sink)
                writers[table.name].writerow(_shown(table, table.columns))
            writers[table.name].writerow(_shown(table, values))
            found.files[f"{table.name}.csv"] = found.files.get(f"{table.name}.csv", 0) + 1

        _read(job, dump, list(by) or [wanted.table], take, on_table=begin)
    if wanted.table not in there:
        raise InputError(f"El respaldo no tiene la tabla {wanted.table}.")
    if f"{wanted.table}.csv" not in found.files:
        missing = f"un registro {wanted.record} en la tabla" if by else "ninguna fila en la tabla"
        raise InputError(f"El respaldo no tiene {missing} {wanted.table}.")
    return found


def _shown(table: Table, values: Row) -> list[str]:
    """The values without those of withheld columns; null is empty."""
    return [value or "" for name, value in zip(table.columns, values, strict=True) if not _WITHHELD.search(name)]


def _file_name(name: str) -> str:
    """A name that every file system and storage takes."""
    kept = re.sub(r"[^\w.,()+@ -]", "_", name).strip(" .")
    stem, dot, ending = kept.rpartition(".")
    return (f"{stem[:100]}{dot}{ending[:10]}" if dot else kept[:100]) or "adjunto"
