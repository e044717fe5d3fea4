"""Times our backup against the seed's script on the same data, and the proof against its programs alone (`proof_race`).

    python -m tests.bench backup                # 800 MB database, 900 MB filestore: about 10 minutes on 2 cores
    OFITEC_BENCH_BACKUP_MB=80 python -m tests.bench backup      # a tenth of it

Night 1, then night 2 with local changes (new rows, few recent updates, new files), then night 3 with scattered ones
(one old row in 2000 touched over both big tables, on top). The seed: `pg_dump -Fc` and `tar -czf` into a dated folder,
then `restic backup` of it. Bytes are what the repository grows by; CPU is of all programs that ran. Writes
backup_night2_bytes_seed_over_ours_local, ..._scattered, backup_cpu_seed_over_ours and what the race gives.
"""

import dataclasses
import logging
import os
import random
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from ofitec.backup import nightly
from ofitec.backup.job import Job, Rules
from ofitec.clients import postgres
from ofitec.clients.restic import Restic
from ofitec.ledger import open_ledger
from ofitec.settings import settings
from tests.bench.proof_race import race
from tests.ofitec.backup import odoo_like
from tests.ofitec.backup.cluster import LEDGER, Cluster
from tests.ofitec.backup.programs import restic_binary

PASSWORD = "clave-del-banco-de-pruebas"
LOCAL, SCATTERED = "local", "scattered"
# bytes of a row with its index, and of a file, so that the sizes come out as asked
_ROW, _FILE = 290, 100_000


@dataclass
class Night:
    """What one backup cost. Bytes, seconds; `temp` is the most it kept on disk beside the repository."""

    who: str
    night: str
    added: int
    wall: float
    cpu: float
    temp: int


def run() -> dict[str, float]:
    """Run it all; prints the table, returns the figures."""
    logging.getLogger("ofitec").setLevel(logging.WARNING)
    megabytes = int(os.environ.get("OFITEC_BENCH_BACKUP_MB", "800"))
    cluster = Cluster()
    folder = Path(tempfile.mkdtemp(prefix="ofitec-bench-", dir="/var/tmp"))
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("OFITEC_PG_BIN", str(cluster.bin))
            settings.cache_clear()
            _say("PostgreSQL", cluster.start)
            job = _job(cluster, folder)
            _say(f"data: {megabytes} MB database, {megabytes * 9 // 8} MB filestore", lambda: _fill(job, megabytes))
            nights = _nights(job, folder)
            ratios = race(job)
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print(_table(nights))
    return {**_figures(nights), **ratios}


def _nights(job: Job, folder: Path) -> list[Night]:
    seed = dataclasses.replace(job.restic, repository=str(folder / "seed"))
    seed.init()
    job.restic.init()
    found = []
    changes: dict[str, Callable[[], None]] = {
        "first": lambda: None,
        LOCAL: lambda: _change(job, scattered=False),
        SCATTERED: lambda: _change(job, scattered=True),
    }
    for name, change in changes.items():
        _say(f"changes: {name}", change)
        for who, backup in (("seed", lambda: _seed(job, seed, folder)), ("ours", lambda: _ours(job))):
            found.append(_measured(who, name, folder, seed if who == "seed" else job.restic, backup))
    return found


def _ours(job: Job) -> int:
    key = nightly.snapshot(job, run_id="bench")
    nightly.check(job, key, run_id="bench")
    return 0


def _seed(job: Job, seed: Restic, folder: Path) -> int:
    """The seed's restic-backup.sh, step by step; returns the bytes of its working folder."""
    work = folder / f"ofitec-bak-{time.monotonic_ns()}"
    work.mkdir()
    environment = {**os.environ, **job.database.environment(), **job.database.secrets()}
    with (work / "db.dump").open("wb") as dump:
        subprocess.run([postgres.program("pg_dump"), "-Fc"], env=environment, stdout=dump, check=True)
    tar = ["tar", "-C", str(job.filestore.parent), "-czf", str(work / "filestore.tar.gz"), job.filestore.name]
    subprocess.run(tar, check=True)
    size = sum(file.stat().st_size for file in work.iterdir())
    environment = {**os.environ, "RESTIC_PASSWORD": PASSWORD, "RESTIC_REPOSITORY": seed.repository}
    environment["RESTIC_CACHE_DIR"] = str(folder / "seed-cache")
    command = [seed.binary, "backup", "--quiet", str(work), "--tag", "ofitec", "--host", "prod-odoo"]
    subprocess.run(command, env=environment, check=True)
    shutil.rmtree(work)
    return size


def _measured(who: str, night: str, folder: Path, restic: Restic, backup: Callable[[], int]) -> Night:
    before, cpu, start = _size(Path(restic.repository)), _cpu(), time.monotonic()
    temp = backup()
    wall = time.monotonic() - start
    done = Night(who, night, _size(Path(restic.repository)) - before, wall, _cpu() - cpu, temp)
    print(f"  {who}, {night}: {done.added / 1e6:.1f} MB added, {wall:.1f} s", flush=True)
    return done


def _cpu() -> float:
    """Seconds of CPU of this process and of the programs it ran. The server's share is in neither way's figure."""
    used = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def _figures(nights: list[Night]) -> dict[str, float]:
    by = {(night.who, night.night): night for night in nights}
    cpu = {who: sum(night.cpu for night in nights if night.who == who) for who in ("seed", "ours")}
    ratios = {
        f"backup_night2_bytes_seed_over_ours_{kind}": by["seed", kind].added / by["ours", kind].added
        for kind in (LOCAL, SCATTERED)
    }
    ratios["backup_cpu_seed_over_ours"] = cpu["seed"] / cpu["ours"]
    return {name: round(ratio, 2) for name, ratio in ratios.items()}


def _table(nights: list[Night]) -> str:
    rows = [f"{'night':<10} {'who':<5} {'MB added':>9} {'wall s':>7} {'CPU s':>7} {'temp MB':>8}"]
    rows += [
        f"{n.night:<10} {n.who:<5} {n.added / 1e6:>9.1f} {n.wall:>7.1f} {n.cpu:>7.1f} {n.temp / 1e6:>8.1f}"
        for n in nights
    ]
    return "\n".join(rows)


def _job(cluster: Cluster, folder: Path) -> Job:
    database = cluster.create("bench")
    cluster.create("bench_ledger", owner="ledger")
    (folder / "work").mkdir()
    restic = Restic(
        str(folder / "ours"),
        {"RESTIC_PASSWORD": PASSWORD},
        binary=restic_binary(),
        cache=folder / "cache",
    )
    return Job(
        env="bench",
        database=database,
        filestore=folder / "filestore",
        restic=restic,
        pruner=restic,
        ledger=open_ledger(f"postgresql://ledger:{LEDGER}@127.0.0.1:{cluster.port}/bench_ledger"),
        scratch=database,
        work=folder / "work",
        rules=Rules(),
    )


def _fill(job: Job, megabytes: int) -> None:
    """Two big tables and a filestore of files that do not compress (as PDFs and pictures do not)."""
    rows = megabytes * 1_000_000 // _ROW // 2
    with job.database.connect() as link:
        odoo_like.fill(link, job.filestore, files=10)
        for table in ("account_move_line_big", "mail_message"):
            columns = "id bigserial PRIMARY KEY, name text, body text, balance numeric, at timestamp"
            link.execute(f"CREATE TABLE {table} ({columns})")
            _append(link, table, rows)
        _files(link, job, megabytes * 9_000_000 // 8 // _FILE, seed=1)
        link.execute("VACUUM ANALYZE")


def _append(link: psycopg.Connection, table: str, rows: int) -> None:
    link.execute(
        f"""INSERT INTO {table} (name, body, balance, at)
        SELECT 'Factura ' || i, 'cliente ' || (i % 977) || ' ' || md5(i::text || random()) || ' ' || md5(random()::text)
               || repeat(' detalle', 8), i * 1190, now() FROM generate_series(1, {int(rows)}) i"""
    )


def _files(link: psycopg.Connection, job: Job, count: int, seed: int) -> None:
    for number in range(count):
        content = random.Random(seed * 1_000_000 + number).randbytes(_FILE)
        odoo_like.attach(link, job.filestore, content, f"archivo {number}")


def _change(job: Job, *, scattered: bool) -> None:
    with job.database.connect() as link:
        for table in ("account_move_line_big", "mail_message"):
            row = link.execute(f"SELECT max(id) FROM {table}").fetchone()
            assert row is not None
            _append(link, table, row[0] * 8 // 1000)
            link.execute(f"UPDATE {table} SET balance = balance + 1 WHERE id > {int(row[0] * 0.996)}")
            if scattered:
                link.execute(f"UPDATE {table} SET balance = balance + 1 WHERE id % 2000 = 7")
        _files(link, job, 90, seed=2 + scattered)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _say(what: str, action: Callable[[], None]) -> None:
    start = time.monotonic()
    print(f"  {what} ...", end=" ", flush=True)
    action()
    print(f"{time.monotonic() - start:.0f} s", flush=True)
