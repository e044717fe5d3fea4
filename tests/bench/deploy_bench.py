"""Twenty switches under load, ours beside the seed's `docker compose up -d`: failed requests and seconds of outage.

Sixteen clients ask without pause, half of them keep their connection. The same small stand-in for Odoo serves in both
(it answers 1.5 s after its start, as the real one does), on the same engine.
"""

import time
from pathlib import Path

from dev.stack.machine import ports
from dev.stack.machine.paths import Place
from dev.stack.machine.process import Processes
from dev.stack.services import docker_engine
from dev.stack.services.docker_engine import Docker
from tests.ofitec.deploy.conftest import IMAGES, tiny_images
from tests.ofitec.deploy.installation import Installation
from tests.ofitec.deploy.load import Load

_PLACE = Place("deploy")
# The seed's way: one service, its tag edited, `up -d`
_SEED = """
name: ofitec-bench-seed
services:
  odoo:
    image: ${IMAGE}
    ports: ["127.0.0.1:${PORT}:8069"]
"""


def run() -> dict[str, float]:
    """Print a table; return failed requests of 20 switches of ours, of one deploy of the seed's, and its outages."""
    processes = Processes(_PLACE)
    docker = docker_engine.up(_PLACE, processes, IMAGES)
    try:
        images = tiny_images(docker)
        ours, switches, gap, total = _ours(docker, images)
        good = _seed(docker, images["one"], images["two"])
        bad = _seed(docker, images["one"], images["crash"])
    finally:
        processes.stop_all()
    print(f"{'':<44}{'requests':>10}{'failed':>8}{'without answer':>16}")
    print(f"{f'ours: {switches} switches, each a whole deploy':<44}{total:>10}{ours:>8}{gap:>14.2f} s")
    for name, load in (("seed: one `up -d`", good), ("seed: one `up -d`, image that crashes", bad)):
        print(f"{name:<44}{load.good + load.failures:>10}{load.failures:>8}{load.worst_gap:>14.2f} s")
    print("(after the seed's crashing image nothing serves until a person acts; measured for 8 s)")
    return {
        "deploy_failed_requests_of_20_switches": ours,
        "deploy_failed_requests_seed": good.failures,
        "deploy_failed_requests_seed_bad_image": bad.failures,
        "deploy_outage_seconds_seed": round(good.worst_gap, 2),
        "deploy_longest_gap_seconds": round(gap, 2),
    }


def _ours(docker: Docker, images: dict[str, str]) -> tuple[int, int, float, int]:
    folder = _PLACE.dir / "installations" / "bench"
    made = Installation("bench", docker, folder, 74).make()
    try:
        started = made.host("init", f"--image={images['one']}", "--modules=base")
        assert "error" not in started, started
        switches = 0
        with Load(made.http) as load:
            while switches < 20:
                image = images["two" if switches % 2 == 0 else "one"]
                done = made.deploy(image, "--watch-seconds=0.3", run=f"bench{switches}")
                assert done.get("status") == "done", done
                switches += 1
                print(f"\r  {switches} of 20 switches, {load.failures} failed requests", end="", flush=True)
        print()
        return load.failures, switches, load.worst_gap, load.good + load.failures
    finally:
        made.down()


def _seed(docker: Docker, before: str, after: str) -> Load:
    folder: Path = _PLACE.dir / "installations" / "seed"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "docker-compose.yml").write_text(_SEED)
    port = ports.pick(set())

    def up(image: str) -> None:
        (folder / ".env").write_text(f"IMAGE={image}\nPORT={port}\n")
        docker.run("compose", "--project-directory", str(folder), "up", "--detach", "--remove-orphans")

    try:
        up(before)
        time.sleep(4)
        with Load(port) as load:
            time.sleep(2)
            up(after)
            time.sleep(8)
            load.worst_gap = max(load.worst_gap, time.monotonic() - load.last_good)
        return load
    finally:
        docker.run("compose", "--project-directory", str(folder), "down", "--timeout", "2")
