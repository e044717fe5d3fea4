"""Many recoveries of a host at work, and hosts that die: for the drill and the benchmark."""

import random
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ofitec.backup.job import Job
from ofitec.continuous import minutes, reach, recovery
from ofitec.errors import OfitecError
from ofitec.ledger import continuous
from tests.ofitec.backup.cluster import Cluster
from tests.ofitec.continuous.conftest import at, job_of
from tests.ofitec.continuous.host import Host, Writer, clean_files, contents

_DATABASE = "una_de_muchas"


@contextmanager
def looking(host: Host, job: Job, rules: minutes.Rules, *, every: float, cleaning: float = 0) -> Iterator[list[str]]:
    """A look so often, and Odoo's cleaning of files; gives what failed, a sentence each."""
    stop, failed = threading.Event(), []

    def work() -> None:
        number, cleaned = 0, time.monotonic()
        while not stop.is_set():
            begun, number = time.monotonic(), number + 1
            try:
                minutes.run(job, host.archive, rules, run_id=f"look {number}")
            except OfitecError as error:
                failed.append(f"{type(error).__name__}: {error}")
            if cleaning and begun - cleaned > cleaning:
                cleaned = begun
                clean_files(host, young=5)
            stop.wait(max(every - (time.monotonic() - begun), 0))

    thread = threading.Thread(target=work, name="looks", daemon=True)
    thread.start()
    try:
        yield failed
    finally:
        stop.set()
        thread.join(60)


@dataclass(frozen=True)
class Recovery:
    """One recovery: how many rows and files were missing or too many, and how long it took."""

    moment: datetime
    rows: int
    files: int
    named: int
    seconds: float

    @property
    def exact(self) -> bool:
        return self.rows == self.files == self.named == 0


def recover(job: Job, host: Host, elsewhere: Cluster, writer: Writer, moment: datetime | None) -> Recovery:
    """Recover to a moment elsewhere and compare with what the writer logged."""
    home, begun = at(job, elsewhere), time.monotonic()
    asked = reach.LATEST if moment is None else moment.isoformat(sep=" ")
    plan = recovery.plan(home, host.archive, asked, database=_DATABASE, filestore="", neutralise=False)
    done = recovery.carry_out(home, host.archive, plan, run_id="many", approved=False)
    seconds, folder = time.monotonic() - begun, Path(done["filestore"])
    try:
        database = elsewhere.database(_DATABASE)
        rows, attachments, there = contents(database, folder)
        with database.connect() as conn:
            named = {row[0] for row in conn.execute("SELECT store_fname FROM ir_attachment")}
        until = moment or datetime.fromisoformat(done["at"])
        expected_rows, expected_files = writer.truth.at(until)
        wrong_rows = len(rows ^ expected_rows) + len(attachments.items() ^ expected_files.items())
        return Recovery(until, wrong_rows, len(there ^ named), len(done["missing"]), seconds)
    finally:
        elsewhere.drop(_DATABASE)
        shutil.rmtree(folder, ignore_errors=True)


def some_moment(job: Job, since: datetime, chance: random.Random) -> datetime:
    """Any moment since then that is known to be in the archive."""
    with job.ledger.transaction() as session:
        last = continuous.read(session)[job.env].archived_at
    assert last is not None
    assert last > since
    return since + timedelta(seconds=chance.uniform(0, (last - since).total_seconds()))


@dataclass(frozen=True)
class Death:
    """A host that died: seconds of work of which rows, and files, did not come back, and what was told before.

    :param wrong: rows missing or too many up to the last one that came back
    """

    rows: float
    files: float
    told: float
    wrong: int

    @property
    def lost(self) -> float:
        return max(self.rows, self.files)


def death(elsewhere: Cluster, number: int, *, every: float, lives: float, archive_timeout: int = 60) -> Death:
    """A host works for so many seconds and burns; all that is left comes back elsewhere."""
    host = Host(archive_timeout=archive_timeout)
    try:
        host.make()
        job = job_of(host, elsewhere, f"death_{number}")
        writer = Writer(host, seed=number)
        writer.start()
        with looking(host, job, minutes.Rules(cluster=host.cluster), every=every):
            time.sleep(lives)
            host.die()
            died = datetime.now(UTC)
        writer.stop()
        with job.ledger.transaction() as session:
            told = continuous.read(session)[job.env].rpo(died)
        assert told is not None
        return _what_came_back(job, host, elsewhere, writer, died, told)
    finally:
        host.stop()


def _what_came_back(job: Job, host: Host, elsewhere: Cluster, writer: Writer, died: datetime, told: float) -> Death:
    home = at(job, elsewhere)
    shutil.rmtree(host.filestore)
    host.filestore.mkdir()
    plan = recovery.plan(home, host.archive, reach.LATEST, database=_DATABASE, filestore="", neutralise=False)
    done = recovery.carry_out(home, host.archive, plan, run_id="death", approved=False)
    folder = Path(done["filestore"])
    try:
        rows, attachments, _ = contents(elsewhere.database(_DATABASE), folder)
        last = datetime.fromisoformat(done["at"])
        expected_rows, expected_files = writer.truth.at(last)
        wrong = len(rows ^ expected_rows) + len(attachments.items() ^ expected_files.items())
        first_lost = min((at_ for at_, *_ in writer.truth.events if at_ > last), default=died)
        missing = set(done["missing"])
        unfiled = [at_ for at_, kind, _, name in writer.truth.events if kind == "attach" and name in missing]
        first_unfiled = min(unfiled, default=died)
        return Death((died - first_lost).total_seconds(), (died - first_unfiled).total_seconds(), told, wrong)
    finally:
        elsewhere.drop(_DATABASE)
        shutil.rmtree(folder, ignore_errors=True)
