"""Odoo's pair brought back to random moments while a writer commits, and what is lost when its host dies.

    python -m tests.bench pitr                                  # 100 recoveries, 3 deaths
    OFITEC_BENCH_RECOVERIES=20 OFITEC_BENCH_DEATHS=1 OFITEC_BENCH_EVERY=60 python -m tests.bench pitr

Real PostgreSQL, pgBackRest and restic. A recovery is exact if no row and no file is missing or too many. A death is the
server killed and its data and WAL thrown away; what is lost is the time from the first commit that did not come back,
as a row or as a file, to the death. Looks are OFITEC_BENCH_EVERY (300, as the DAG's) seconds apart, archive_timeout is
60 s. Writes pitr_recoveries_exact_of_100 (per hundred, if fewer were done) and pitr_rpo_seconds_max.
"""

import logging
import os
import random
import statistics
import time
from contextlib import ExitStack
from datetime import timedelta

import pytest

from ofitec.continuous import minutes
from ofitec.settings import settings
from tests.ofitec.backup.cluster import Cluster
from tests.ofitec.continuous import many
from tests.ofitec.continuous.conftest import job_of
from tests.ofitec.continuous.host import Host, Writer

_RECOVERIES = int(os.environ.get("OFITEC_BENCH_RECOVERIES", "100"))
_DEATHS = int(os.environ.get("OFITEC_BENCH_DEATHS", "3"))
_EVERY = float(os.environ.get("OFITEC_BENCH_EVERY", "300"))


def run() -> dict[str, float]:
    """Do both; prints each, returns the figures."""
    logging.getLogger("ofitec").setLevel(logging.CRITICAL)
    with ExitStack() as after:
        elsewhere = Cluster()
        after.callback(elsewhere.stop)
        elsewhere.start()
        patch = after.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("OFITEC_PG_BIN", str(elsewhere.bin))
        settings.cache_clear()
        after.callback(settings.cache_clear)
        figures = {"pitr_recoveries_exact_of_100": _recoveries(elsewhere)} if _RECOVERIES else {}
        return figures | ({"pitr_rpo_seconds_max": _deaths(elsewhere)} if _DEATHS else {})


def _recoveries(elsewhere: Cluster) -> float:
    host, chance, done = Host(), random.Random(11), []
    try:
        host.make()
        job = job_of(host, elsewhere, "bench")
        rules, writer = minutes.Rules(cluster=host.cluster, base=timedelta(minutes=4)), Writer(host)
        with many.looking(host, job, rules, every=10, cleaning=45) as failed:
            writer.start()
            time.sleep(45)
            since = writer.truth.events[0][0]
            for number in range(1, _RECOVERIES + 1):
                found = many.recover(job, host, elsewhere, writer, many.some_moment(job, since, chance))
                done.append(found)
                if not found.exact or number % 10 == 0:
                    exact = sum(each.exact for each in done)
                    print(f"  {number} recoveries, {exact} exact; the last: {found}", flush=True)
            writer.stop()
        events, median = len(writer.truth.events), statistics.median(each.seconds for each in done)
        exact = sum(each.exact for each in done)
        print(
            f"  {exact} of {len(done)} exact, over {events} commits; {len(failed)} looks failed; a recovery takes "
            f"{median:.1f} s (median)",
            flush=True,
        )
    finally:
        host.stop()
    return round(100 * sum(each.exact for each in done) / len(done), 1)


def _deaths(elsewhere: Cluster) -> float:
    lost = []
    for number in range(1, _DEATHS + 1):
        # between one look and the next after it
        lives = _EVERY * (1 + number / (_DEATHS + 1)) + 20
        died = many.death(elsewhere, number, every=_EVERY, lives=lives)
        lost.append(died.lost)
        print(
            f"  death {number} after {lives:.0f} s: rows of {died.rows:.1f} s and files of {died.files:.1f} s lost, "
            f"{died.told:.1f} s told, {died.wrong} rows wrong before that",
            flush=True,
        )
    return round(max(lost), 1)
