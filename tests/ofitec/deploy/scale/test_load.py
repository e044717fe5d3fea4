"""Load on a real Odoo on loopback: `odoo_scale` gives it a process more, people wait less, no request fails, and when
they wait longer it goes back by itself. Over real SSH, with mtail on the proxy's log, a node exporter and Prometheus.

Each request waits for the database and uses no core, so two slow cores are enough; the number of clients is bounded.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from dev.stack.machine import ports
from dev.stack.services import monitoring_config
from dev.stack.services.docker_engine import Docker
from dev.stack.services.monitoring import program
from dev.stack.services.monitoring_config import SHIPPED, Pace
from dev.stack.services.postgres import Postgres
from ofitec.clients import prometheus
from ofitec.deploy.scale import steps
from ofitec.ledger import open_ledger, scalings
from ofitec.ledger.scale_table import Scaling
from ofitec.notify import channels
from ofitec.settings import settings
from tests.ofitec.deploy.installation import Installation
from tests.ofitec.deploy.load import Load
from tests.ofitec.deploy.ssh_host import SshHost
from tests.waiting import wait_until

CLIENTS = 8
MINUTE = 60.0
TOLD = {"url": "https://airflow/x", "dag_id": "odoo_scale", "run_id": "r"}


@pytest.fixture(scope="module")
def ssh(docker: Docker, real: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshHost]:
    host = SshHost(docker, tmp_path_factory.mktemp("sshd"), real.root).start()
    yield host
    host.stop()


@pytest.fixture(scope="module")
def measured(real: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a Prometheus that knows this machine and the proxy's log, by the shipped configuration."""
    folder = tmp_path_factory.mktemp("measured")
    taken: set[int] = set()
    for _ in range(3):
        taken.add(ports.pick(taken))
    web, mtail, node = sorted(taken)
    log = folder / "proxy.log"
    addresses = {"proxy:3903": f"127.0.0.1:{mtail}", "node-exporter:9100": f"127.0.0.1:{node}"}
    addresses["localhost:9090"] = f"127.0.0.1:{web}"
    (folder / "prometheus.yml").write_text(monitoring_config.prometheus(addresses, str(folder), Pace(1, 1)))
    commands: list[list[str]] = [
        [str(program("mtail")), f"--progs={SHIPPED}/mtail", f"--logs={log}", "--address=127.0.0.1", f"--port={mtail}",
         "--poll_interval=250ms"],
        [str(program("prometheus-node-exporter")), f"--web.listen-address=127.0.0.1:{node}"],
        [str(program("prometheus")), f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
         f"--web.listen-address=127.0.0.1:{web}"],
    ]  # fmt: skip
    logs = ["docker", "logs", "--follow", "--tail", "0", real.compose("ps", "--quiet", "proxy").strip()]
    with log.open("ab") as out, (folder / "said.log").open("ab") as said:
        children = [subprocess.Popen(logs, env=real.env, stdout=out, stderr=said)]
        children += [subprocess.Popen(argv, cwd=folder, stdout=said, stderr=said) for argv in commands]
        url = f"http://127.0.0.1:{web}"
        try:
            wait_until(lambda: _up(url), "Prometheus' scrapes of mtail and node exporter")
            yield url
        finally:
            for child in children:
                child.terminate()
            for child in children:
                child.wait(20)


def _up(url: str) -> bool:
    try:
        return prometheus.value(url, 'sum(up{job=~"node|odoo-requests"})') == 2
    except prometheus.PrometheusDown:
        return False


@pytest.fixture
def chosen(
    ssh: SshHost, real: Installation, measured: str, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[int], None]]:
    """Airflow's connections and settings in place; sets OFITEC_SCALE_MAX_WORKERS."""
    name = f"ledger_scale_{time.time_ns()}"
    postgres.create(name, "ofitec")
    monkeypatch.setenv("AIRFLOW_CONN_ODOO_HOST", ssh.connection())
    monkeypatch.setenv("AIRFLOW_CONN_OFITEC_LEDGER", postgres.dsn(name, "ofitec"))
    given = {"HOST_HOME": str(real.root), "SCALE": "apply", "PROMETHEUS_URL": measured, "SCALE_WATCH_MINUTES": "1",
             "SCALE_SLOW_SECONDS": "0.5"}  # fmt: skip
    for key, value in given.items():
        monkeypatch.setenv(f"OFITEC_{key}", value)

    def at_most(workers: int) -> None:
        monkeypatch.setenv("OFITEC_SCALE_MAX_WORKERS", str(workers))
        settings.cache_clear()

    at_most(3)
    yield at_most
    settings.cache_clear()
    open_ledger().engine.dispose()
    postgres.drop(name)


def row(run: str) -> Scaling:
    found = scalings.get(open_ledger(), run)
    assert found is not None
    return found


def decided(run: str) -> dict[str, object] | None:
    """The decision of a run, waiting for one that changes something: another's work may hold the cores for a while."""
    answer: dict[str, object] | None = None
    until = time.monotonic() + 180
    while answer is None and time.monotonic() < until:
        answer = steps.consider(run=run, who="drill", now=False, **TOLD)
        if answer is None:
            time.sleep(5)
    assert answer is not None, f"{row(run).reason} {row(run).readings}"
    return answer


def carried_out(answer: dict[str, object], run: str) -> Scaling:
    steps.change(steps.read(answer), run=run, who="drill")
    assert steps.settle(run=run, **TOLD) == "done"
    return row(run)


def wait_for(moment: datetime) -> None:
    time.sleep(max((moment - datetime.now(UTC)).total_seconds(), 0))


def test_p95_before_and_after_it_grew_no_failed_request_and_back(
    real: Installation,
    chosen: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    told: list[str] = []
    monkeypatch.setattr(channels, "tell", lambda text, blocks: told.append(text))
    assert real.host("workers")["workers"] == 2
    with Load(real.http, clients=CLIENTS, path="/probe/wait/300", pause=0.05) as load:
        time.sleep(MINUTE + 5)
        now = time.monotonic()
        two = load.p95(now - MINUTE, now)

        # two processes for eight people: one more
        grown = carried_out(decided("20261127000001aaaaaa") or {}, "20261127000001aaaaaa")
        assert (grown.workers, grown.target) == (2, 3)
        assert real.host("workers")["workers"] == 3
        assert grown.switched_at is not None
        wait_for(grown.switched_at + timedelta(seconds=MINUTE + 3))
        now = time.monotonic()
        three = load.p95(now - MINUTE, now)
        assert steps.consider(run="20261127000002aaaaaa", who="drill", now=False, **TOLD) is None
        grown = row(grown.run)
        assert grown.verdict == "fine", grown.judgement
        assert three < two

        # an hour later one more may be had, and the database turns slow as it comes
        hour, switched = timedelta(hours=1), grown.switched_at
        assert switched is not None
        earlier = {"decided_at": grown.decided_at - hour, "switched_at": switched - hour}
        scalings.change(open_ledger(), grown.run, **earlier)
        chosen(4)
        answer = decided("20261127000003aaaaaa") or {}
        load.path = "/probe/wait/1500"
        worse = carried_out(answer, "20261127000003aaaaaa")
        assert (worse.workers, worse.target) == (3, 4)
        assert worse.switched_at is not None
        wait_for(worse.switched_at + timedelta(seconds=MINUTE + 3))
        back = steps.consider(run="20261127000004aaaaaa", who="drill", now=False, **TOLD)
        assert back is not None, row("20261127000004aaaaaa").reason
        returned = carried_out(back, "20261127000004aaaaaa")
        worse = row(worse.run)
        assert (returned.act, returned.target) == ("return", 3)
        assert real.host("workers")["workers"] == 3
    figures = (
        f"p95 with 2 processes {two:.2f} s, with 3 {three:.2f} s (Prometheus {grown.p95_before:.2f}, "
        f"{grown.p95_after:.2f}); then the database slower: {worse.p95_before:.2f} s with 3, "
        f"{worse.p95_after:.2f} s with 4, back to 3; {load.good} requests, failed {json.dumps(dict(load.failed))}"
    )
    with capsys.disabled():
        sys.stdout.write(f"\n{figures}\n")
    assert dict(load.failed) == {}
    assert worse.verdict == "worse"
    assert [text.partition(".")[0] for text in told] == [
        "✅ Odoo pasó de 2 a 3 procesos",
        "✅ Odoo pasó de 3 a 4 procesos",
        "↩️ Odoo volvió de 4 a 3 procesos",
    ]
