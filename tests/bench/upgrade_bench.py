"""Twenty small upgrades and twenty returns of a real Odoo under 16 clients that ask for its login page: what fails.

Beside them, on the same engine and data: one upgrade with a plain maintenance page, and one by the seed's way, whose
container upgrades the live database when it starts. What the rehearsal predicts stands beside what it took.
"""

import statistics
import time
from pathlib import Path
from typing import NamedTuple

from dev.stack.machine import ports
from dev.stack.machine.paths import Place
from dev.stack.machine.process import Processes
from dev.stack.services import docker_engine
from dev.stack.services.docker_engine import Docker
from tests.ofitec.deploy.conftest import IMAGES, odoo_images
from tests.ofitec.deploy.installation import Installation
from tests.ofitec.deploy.load import Load
from tests.waiting import wait_until

_PLACE = Place("deploy")
TIMES = 20
PATH, PAUSE = "/web/login", 0.5
# The seed's way: the entrypoint upgrades whatever database there is, and serves whatever came of it
_SEED = """
name: ofitec-bench-upgrade-seed
services:
  odoo:
    image: ${IMAGE}
    command: [sh, -c, "/usr/bin/odoo --database=seed --update=deploy_probe --stop-after-init --no-http || true;
      exec /usr/bin/odoo --database=seed --db-filter=^seed$$ --workers=2 --max-cron-threads=0"]
    environment: {PGHOST: db, PGUSER: odoo, PGPASSFILE: /run/odoo/pgpass}
    ports: ["127.0.0.1:${PORT}:8069"]
    volumes: ["data:/var/lib/odoo", "run:/run/odoo:ro"]
    networks: [theirs]
networks: {theirs: {external: true, name: ${PROJECT}_ofitec}}
volumes:
  data: {external: true, name: ${PROJECT}_odoo-data}
  run: {external: true, name: ${PROJECT}_odoo-run}
"""


class Window(NamedTuple):
    """One window: its seconds, what was asked meanwhile, what failed, the longest that a good answer took."""

    seconds: float
    requests: int
    failed: int
    slowest: float


def run() -> dict[str, float]:
    """Print a table; return the failed requests of 20 upgrades and of 20 returns."""
    processes = Processes(_PLACE)
    docker = docker_engine.up(_PLACE, processes, IMAGES)
    try:
        images = odoo_images(docker)
        made = Installation("upgrades", docker, _PLACE.dir / "installations" / "upgrades", 75).make()
        try:
            started = made.host("init", f"--image={images[1]}", "--modules=base,deploy_probe")
            assert "error" not in started, started
            predicted = _predicted(made, images[2])
            made.choose(OFITEC_HOLD_SECONDS="30")
            ups, backs = [], []
            for number in range(TIMES):
                ups.append(_up(made, images[2], f"up{number}"))
                backs.append(_back(made, f"back{number}"))
                failed = sum(window.failed for window in (*ups, *backs))
                print(f"\r  {number + 1} of {TIMES} upgrades and returns, {failed} failed requests", end="", flush=True)
            print()
            made.choose(OFITEC_HOLD_SECONDS="0")
            page = _up(made, images[2], "page")
            seed = _seed(docker, made, images[1], images[2])
        finally:
            made.down()
    finally:
        processes.stop_all()
    print(f"{'':<44}{'requests':>10}{'failed':>8}{'longest wait':>14}{'window':>10}{'predicted':>11}")
    rows = ((f"ours: {TIMES} upgrades, requests wait", ups), (f"ours: {TIMES} returns, requests wait", backs))
    for name, windows in (*rows, ("ours: one upgrade, maintenance page", [page]), ("seed: one upgrade", [seed])):
        shown = f"{predicted:>9.0f} s" if "upgrade" in name and name.startswith("ours") else ""
        print(
            f"{name:<44}{sum(w.requests for w in windows):>10}{sum(w.failed for w in windows):>8}"
            f"{max(w.slowest for w in windows):>12.1f} s{statistics.median(w.seconds for w in windows):>8.1f} s{shown}"
        )
    return {
        "migrate_failed_requests_of_20": sum(window.failed for window in ups),
        "return_failed_requests_of_20": sum(window.failed for window in backs),
        "migrate_longest_wait_seconds": round(max(window.slowest for window in ups), 1),
        "migrate_failed_requests_page": page.failed,
        "migrate_failed_requests_seed": seed.failed,
    }


def _predicted(made: Installation, image: str) -> float:
    planned = made.host("plan", "--who=bench", "--run=rehearsed", f"--image={image}")
    assert planned.get("mode") == "MIGRATE", planned
    seconds = float(made.host("rehearse", "--run=rehearsed")["predicted"])
    made.host("unlock", "--run=rehearsed")
    return seconds


def _up(made: Installation, image: str, run: str) -> Window:
    planned = made.host("plan", "--who=bench", f"--run={run}", f"--image={image}", "--watch-seconds=1")
    assert planned.get("mode") == "MIGRATE", planned
    return _applied(made, run)


def _back(made: Installation, run: str) -> Window:
    since = f"--discard-writes-since={made.status()['current']['at']}"
    planned = made.host("plan-rollback", "--who=bench", f"--run={run}", since, "--watch-seconds=1")
    assert planned.get("mode") == "RETURN", planned
    return _applied(made, run)


def _applied(made: Installation, run: str) -> Window:
    with Load(made.http, path=PATH, pause=PAUSE) as load:
        done = made.host("apply", "--here", f"--run={run}")
    assert done.get("status") == "done", done
    return Window(float(done["facts"]["maintenance_seconds"]), load.good + load.failures, load.failures, load.slowest)


def _seed(docker: Docker, made: Installation, before: str, after: str) -> Window:
    """The same upgrade by the seed's way, on a copy of the database that the last upgrade kept."""
    [kept] = made.sql("SELECT datname FROM pg_database WHERE datname LIKE 'odoo_before_page'")
    made.sql(f"CREATE DATABASE seed TEMPLATE {kept} OWNER odoo")
    made.sql("ALTER DATABASE seed ALLOW_CONNECTIONS true")
    project = f"ofitec-test-{made.name}"
    script = f"cp -al /var/lib/odoo/filestore/{kept} /var/lib/odoo/filestore/seed"
    docker.run(
        "run", "--rm", "--volume", f"{project}_odoo-data:/var/lib/odoo", "--entrypoint", "sh", before, "-c", script
    )
    folder: Path = _PLACE.dir / "installations" / "upgrade-seed"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "docker-compose.yml").write_text(_SEED)
    port = ports.pick(set())
    compose = ("compose", "--project-directory", str(folder))

    def up(image: str) -> None:
        (folder / ".env").write_text(f"IMAGE={image}\nPORT={port}\nPROJECT={project}\n")
        docker.run(*compose, "up", "--detach", "--remove-orphans")

    try:
        up(before)
        _serves(port)
        begun = time.monotonic()
        with Load(port, path=PATH, pause=PAUSE) as load:
            up(after)
            _serves(port)
            seconds = time.monotonic() - begun
            time.sleep(1)
        return Window(seconds, load.good + load.failures, load.failures, load.slowest)
    finally:
        docker.run(*compose, "down", "--timeout", "2")


def _serves(port: int) -> None:
    with Load(port, clients=1, path=PATH, pause=0.2) as load:
        wait_until(lambda: load.good, "the seed's Odoo", timeout=180)
