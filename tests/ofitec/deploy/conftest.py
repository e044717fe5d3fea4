"""A docker engine with registry, and one installation of each kind. Skipped, with the reason, where none can start."""

import fcntl
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from dev.stack.errors import StackError
from dev.stack.machine.paths import ROOT, Place
from dev.stack.machine.process import Processes
from dev.stack.services import docker_engine
from dev.stack.services.docker_engine import Docker
from tests.ofitec.deploy.compose import config, installation
from tests.ofitec.deploy.installation import Installation

PLACE = Place("deploy")
IMAGES = Path(__file__).with_name("images")
# name: (fault, release, version of its module base)
TINY = {
    "one": ("none", "1", "1.3"),
    "two": ("none", "2", "1.3"),
    "crash": ("crash", "3", "1.3"),
    "unhealthy": ("unhealthy", "4", "1.3"),
    "refuses": ("refuses-login", "5", "1.3"),
    "errors": ("errors", "6", "1.3"),
    "newer": ("none", "7", "1.4"),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "docker" in getattr(item, "fixturenames", ()):
            item.add_marker("services")
            item.add_marker("drill")


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """docker compose's own reading of the defaults, whatever .env stands here."""
    return partial(config, installation(tmp_path_factory.mktemp("defaults")))


@pytest.fixture(scope="session")
def docker() -> Iterator[Docker]:
    PLACE.make()
    with (PLACE.dir / "session.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another run of these tests may be using the registry: wait for its end
        processes = Processes(PLACE)
        processes.stop_all()  # what a killed session left behind
        try:
            engine = docker_engine.up(PLACE, processes, IMAGES)
        except StackError as error:
            pytest.skip(f"no docker engine can be had here: {error}")
        try:
            left = engine.run("ps", "--all", "--quiet", "--filter", "label=ofitec-test").split()
            if left:
                engine.run("rm", "--force", *left)
            yield engine
        finally:
            processes.stop_all()


def tiny_images(docker: Docker) -> dict[str, str]:
    """The small stand-ins for Odoo, pushed; name to repository@digest."""
    parts = docker.parts()
    repository, folder = f"{docker.registry}/tiny", docker.images / "tiny-odoo"
    return {
        name: docker.push(
            docker.build(f"{repository}:{name}", folder, PARTS=parts, FAULT=fault, RELEASE=number, VERSION=version)
        )
        for name, (fault, number, version) in TINY.items()
    }


def odoo_images(docker: Docker) -> dict[int, str]:
    """The project's Odoo image with the probe add-on in its releases 1, 2 (upgrades) and 3 (its migration fails)."""
    dockerfile = ROOT / "include/images/odoo/Dockerfile"
    odoo = docker.build("ofitec-test/odoo:1", ROOT, file=dockerfile, SERIES="19.0", BASE=docker.odoo_base())
    return {
        number: docker.push(
            docker.build(
                f"{docker.registry}/ofitec-odoo:p{number}", docker.images / "probe", ODOO=odoo, RELEASE=str(number)
            )
        )
        for number in (1, 2, 3)
    }


@pytest.fixture(scope="session")
def tiny(docker: Docker) -> dict[str, str]:
    return tiny_images(docker)


@pytest.fixture(scope="module")
def small(docker: Docker, tiny: dict[str, str]) -> Iterator[Installation]:
    """An installation that serves the small stand-in, release 1."""
    made = Installation("small", docker, _folder("small"), 71, {"OFITEC_BOOT_SECONDS": "8"}).make()
    try:
        assert "error" not in made.host("init", f"--image={tiny['one']}", "--modules=base")
        yield made
    finally:
        made.down()


@pytest.fixture(scope="session")
def odoo_releases(docker: Docker) -> dict[int, str]:
    return odoo_images(docker)


@pytest.fixture(scope="module")
def real(docker: Docker, odoo_releases: dict[int, str]) -> Iterator[Installation]:
    """An installation that serves a real Odoo 19 with release 1 of the probe add-on."""
    made = Installation("real", docker, _folder("real"), 72).make()
    try:
        started = made.host("init", f"--image={odoo_releases[1]}", "--modules=base,deploy_probe")
        assert "error" not in started, started
        yield made
    finally:
        made.down()


def _folder(name: str) -> Path:
    return PLACE.dir / "installations" / name
