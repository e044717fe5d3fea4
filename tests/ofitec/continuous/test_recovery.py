"""A small Odoo to one moment: real PostgreSQL, pgBackRest and restic, rows and files exactly those."""

import time
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ofitec.backup.job import Job
from ofitec.continuous import minutes, reach, recovery
from ofitec.errors import InputError
from tests.ofitec.backup import odoo_like
from tests.ofitec.backup.cluster import Cluster
from tests.ofitec.continuous.conftest import at
from tests.ofitec.continuous.host import Host, Writer, clean_files, contents

pytestmark = pytest.mark.xdist_group("continuous")
ZONE = ZoneInfo("America/Santiago")


@pytest.fixture(scope="session")
def written(host: Host, job: Job) -> Writer:
    """A look, some writing, a look."""
    rules = minutes.Rules(cluster=host.cluster)
    minutes.look(job, host.archive, rules, run_id="first")
    writer = Writer(host)
    writer.start()
    time.sleep(2)
    writer.stop()
    assert writer.error is None
    minutes.look(job, host.archive, rules, run_id="second")
    return writer


def test_rows_and_files_are_those_of_the_moment(job: Job, host: Host, elsewhere: Cluster, written: Writer) -> None:
    moment = written.truth.events[len(written.truth.events) // 2][0]
    home = at(job, elsewhere)
    asked = moment.astimezone(ZONE).replace(tzinfo=None).isoformat(sep=" ")
    plan = recovery.plan(home, host.archive, asked, database="vuelta", filestore="", neutralise=False)
    assert plan.at == moment
    done = recovery.carry_out(home, host.archive, plan, run_id="r", approved=False)
    rows, named, there = contents(elsewhere.database("vuelta"), Path(done["filestore"]))
    assert (rows, named) == written.truth.at(moment)
    with elsewhere.database("vuelta").connect() as conn:
        every = {row[0] for row in conn.execute("SELECT store_fname FROM ir_attachment")}
    assert there == every
    assert done["missing"] == []
    assert not list(job.work.glob("recovered-*"))


def test_a_file_that_came_and_went_between_two_snapshots_is_named(job: Job, host: Host, elsewhere: Cluster) -> None:
    """Its row is there at that moment, and nobody has its bytes."""
    rules = minutes.Rules(cluster=host.cluster)
    minutes.look(job, host.archive, rules, run_id="before")
    with host.database.connect() as conn:
        lost = odoo_like.attach(conn, host.filestore, b"solo un momento", "fugaz")
        kept = odoo_like.attach(conn, host.filestore, b"se queda", "estable")
        time.sleep(0.05)
        moment = conn.execute("SELECT clock_timestamp()").fetchone()
        conn.execute("DELETE FROM ir_attachment WHERE name = 'fugaz'")
    assert moment is not None
    assert clean_files(host) > 0
    minutes.look(job, host.archive, rules, run_id="after")
    home, asked = at(job, elsewhere), moment[0].isoformat(sep=" ")
    plan = recovery.plan(home, host.archive, asked, database="fugaz", filestore="", neutralise=False)
    done = recovery.carry_out(home, host.archive, plan, run_id="r", approved=False)
    assert done["missing"] == [lost]
    assert (Path(done["filestore"]) / kept).read_bytes() == b"se queda"
    with elsewhere.database("fugaz").connect() as conn:
        assert conn.execute("SELECT count(*) FROM ir_attachment WHERE store_fname = %s", [lost]).fetchone() == (1,)


@pytest.mark.parametrize("asked", ["2026-01-01 10:00:00", "2099-01-01 10:00:00"])
def test_a_moment_out_of_reach_is_refused_with_the_range(
    job: Job, host: Host, elsewhere: Cluster, written: Writer, asked: str
) -> None:
    before = elsewhere.names()
    with pytest.raises(reach.OutOfReach, match=rf"{asked} cannot be restored. It can be from 20\S+ \S+ to 20") as error:
        recovery.plan(at(job, elsewhere), host.archive, asked, database="nunca", filestore="", neutralise=False)
    assert "\n" not in str(error.value)
    assert elsewhere.names() == before


def test_what_is_no_moment_is_refused(job: Job, host: Host, elsewhere: Cluster) -> None:
    with pytest.raises(InputError, match="is no moment"):
        recovery.plan(at(job, elsewhere), host.archive, "ayer", database="nunca", filestore="", neutralise=False)


def test_now_is_after_the_last_mark(job: Job, host: Host, elsewhere: Cluster, written: Writer) -> None:
    now = datetime.now(UTC).astimezone(ZONE).replace(tzinfo=None).isoformat(sep=" ")
    with pytest.raises(reach.OutOfReach, match="cannot be restored"):
        recovery.plan(at(job, elsewhere), host.archive, now, database="nunca", filestore="", neutralise=False)
