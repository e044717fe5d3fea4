"""Drill: recoveries to random moments while a writer works, a host that dies, and pgBackRest killed, away or full.

tests/bench/pitr.py does the same a hundred times.
"""

import os
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from dev.stack.services.monitoring import program
from dev.stack.services.monitoring_config import SHIPPED
from ofitec.backup.job import Job
from ofitec.board.facts import Facts, read_ledger
from ofitec.board.metrics import render
from ofitec.continuous import minutes
from ofitec.errors import OfitecError
from tests.ofitec.backup.cluster import Cluster
from tests.ofitec.continuous import many
from tests.ofitec.continuous.conftest import job_of
from tests.ofitec.continuous.host import Host, Writer

pytestmark = [pytest.mark.drill, pytest.mark.xdist_group("continuous")]
RECOVERIES = 8


def test_recoveries_to_random_moments_are_exact(job: Job, host: Host, elsewhere: Cluster) -> None:
    rules = minutes.Rules(cluster=host.cluster, base=timedelta(seconds=60))
    writer, chance = Writer(host), random.Random(7)
    with many.looking(host, job, rules, every=8, cleaning=20) as failed:
        writer.start()
        time.sleep(30)
        since = writer.truth.events[0][0]
        for _ in range(RECOVERIES):
            done = many.recover(job, host, elsewhere, writer, many.some_moment(job, since, chance))
            assert done.exact, done
        writer.stop()
    assert writer.error is None
    assert failed == []


def test_a_host_that_dies_loses_no_more_than_was_told(elsewhere: Cluster) -> None:
    died = many.death(elsewhere, 1, every=15, lives=50, archive_timeout=20)
    assert died.wrong == 0
    assert died.lost <= died.told


def test_pgbackrest_killed_again_and_again(job: Job, host: Host) -> None:
    with healed(job, host) as rules, replaced(host, "#!/bin/sh\nkill -9 $$\n"):
        until_it_fires(job, host, rules, {"ContinuousArchiveLagging"}, minutes_later=30)


def test_its_storage_gone(job: Job, host: Host) -> None:
    place = Path(host.archive.where)
    with healed(job, host) as rules:
        away = place.rename(place.with_name("away"))
        try:
            until_it_fires(job, host, rules, {"ContinuousRepositoryUnusable", "ContinuousArchiveFailing"})
        finally:
            shutil.rmtree(place, ignore_errors=True)
            away.rename(place)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount the small disk that this test fills")
def test_its_storage_full(elsewhere: Cluster) -> None:
    host = Host(disk=60_000_000)
    try:
        host.make()
        job, filler = job_of(host, elsewhere, "full"), Path(host.archive.where) / "filler"
        with healed(job, host) as rules:
            filler.write_bytes(os.urandom(shutil.disk_usage(filler.parent).free - 4096))
            try:
                until_it_fires(job, host, rules, {"ContinuousRepositoryUnusable", "ContinuousArchiveFailing"})
            finally:
                filler.unlink()
    finally:
        host.stop()


@contextmanager
def healed(job: Job, host: Host) -> Iterator[minutes.Rules]:
    """Before it all is well; afterwards it is again by itself, and nothing that was written meanwhile is lost."""
    rules = minutes.Rules(cluster=host.cluster)
    minutes.look(job, host.archive, rules, run_id="before")
    assert not firing(job)
    yield rules
    until, left = time.monotonic() + 150, {"a look"}
    while left:
        assert time.monotonic() < until, left
        time.sleep(3)
        try:
            minutes.look(job, host.archive, rules, run_id="after")
            left = firing(job)
        except OfitecError as error:
            left = {str(error)}
    with job.ledger.transaction() as session:
        found = read_ledger(session, datetime.now(UTC)).continuous[job.env]
    assert found.archived_at is not None
    assert found.archived_at > datetime.now(UTC) - timedelta(seconds=60)


def until_it_fires(job: Job, host: Host, rules: minutes.Rules, alerts: set[str], *, minutes_later: int = 10) -> None:
    """A writer works, its WAL is to be pushed, and the looks meanwhile see what is wrong; PostgreSQL goes on."""
    writer = Writer(host, seed=int(time.time()))
    writer.start()
    until = time.monotonic() + 120
    fired: set[str] = set()
    while not alerts <= fired:
        assert time.monotonic() < until, fired
        time.sleep(5)
        try:
            minutes.look(job, host.archive, rules, run_id="meanwhile")
        except OfitecError as error:
            print(f"  {type(error).__name__}: {error}")  # noqa: T201 - a drill tells what it sees
        fired = firing(job, minutes_later=minutes_later)
    writer.stop()
    assert writer.error is None


@contextmanager
def replaced(host: Host, script: str) -> Iterator[None]:
    """Another program in the place of the one that archive_command names."""
    assert host.push.is_relative_to(host.folder)
    real = host.push.read_text()
    host.push.write_text(script)
    try:
        yield
    finally:
        host.push.write_text(real)


def firing(job: Job, *, minutes_later: int = 10) -> set[str]:
    """The alerts that the shipped rules raise on the metrics as they are, if nothing changes for so long."""
    now = datetime.now(UTC)
    with job.ledger.transaction() as session:
        text = render(Facts(now=now, ledger=read_ledger(session, now), airflow=None)).decode()
    series = []
    for line in text.splitlines():
        if not line.startswith("ofitec_continuous"):
            continue
        name, _, value = line.rpartition(" ")
        number = float(value) - (now.timestamp() if "_timestamp_seconds" in name else 0)
        series.append({"series": name, "values": f"{number:.6f}x{minutes_later + 15}"})
    rules = SHIPPED / "prometheus" / "rules" / "continuous.yml"
    alerts = sorted({rule["alert"] for rule in yaml.safe_load(rules.read_text())["groups"][0]["rules"]})
    return {alert for alert in alerts if _fires(alert, series, rules, minutes_later)}


def _fires(alert: str, series: list[dict[str, str]], rules: Path, minutes_later: int) -> bool:
    quiet = {"expr": f'count(ALERTS{{alertname="{alert}", alertstate="firing"}})', "exp_samples": []}
    case = {"interval": "1m", "input_series": series}
    case["promql_expr_test"] = [{**quiet, "eval_time": f"{minutes_later}m"}]
    test = {"rule_files": [str(rules)], "evaluation_interval": "1m", "tests": [case]}
    argv = [str(program("promtool")), "test", "rules", "/dev/stdin"]
    done = subprocess.run(argv, input=yaml.safe_dump(test), capture_output=True, text=True, check=False)
    if done.returncode and "exp:" not in done.stdout + done.stderr:
        raise AssertionError(done.stdout + done.stderr)
    return done.returncode != 0
