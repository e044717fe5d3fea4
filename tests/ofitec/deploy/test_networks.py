"""Who reaches whom in docker-compose.yml's networks: tried from within the containers of a running installation."""

import json
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from dev.stack.services.docker_engine import Docker
from tests.ofitec.deploy.installation import Installation

# Prints what a request to each of the addresses gives: a status, or the kind of error
_ASK = """
import json, sys, urllib.error, urllib.request
seen = {}
for url in sys.argv[1:]:
    try:
        seen[url] = urllib.request.urlopen(url, timeout=3).status
    except urllib.error.HTTPError as error:
        seen[url] = error.code
    except OSError as error:
        seen[url] = 0
print(json.dumps(seen))
"""
# Prints whether a connection is taken
_KNOCK = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 3); print('open')"


@dataclass(frozen=True)
class Inside:
    """A container that asks; a status of 0 is no answer."""

    docker: Docker
    container: str

    def asks(self, *urls: str) -> dict[str, int]:
        answer: dict[str, int] = json.loads(self.docker.run("exec", self.container, "python3", "-c", _ASK, *urls))
        return answer

    def address(self, network: str) -> str:
        form = f'{{{{(index .NetworkSettings.Networks "{network}").IPAddress}}}}'
        return self.docker.run("inspect", "--format", form, self.container).strip()


@pytest.fixture(scope="module")
def odoo(small: Installation) -> Inside:
    """The colour that serves."""
    return Inside(small.docker, small.compose("ps", "--quiet", f"odoo-{small.colour}").strip())


@pytest.fixture(scope="module")
def watcher(small: Installation) -> Iterator[Inside]:
    """A stand-in for Alertmanager, in the network where that one is, under its name and port."""
    container = small.docker.run(
        "run", "--detach", "--rm", "--label", "ofitec-test", "--network", f"ofitec-test-{small.name}_ofitec-ops",
        "--network-alias", "alertmanager", small.docker.parts(), "python3", "-m", "http.server", "9093",
    ).strip()  # fmt: skip
    yield Inside(small.docker, container)
    small.docker.run("rm", "--force", container)


def test_from_odoos_container_nothing_but_its_own_services_answers(
    small: Installation, odoo: Inside, watcher: Inside
) -> None:
    ops = f"172.31.{small.network + 100}"
    there = watcher.address(f"ofitec-test-{small.name}_ofitec-ops")
    assert watcher.asks("http://alertmanager:9093/") == {"http://alertmanager:9093/": 200}, "the stand-in works"
    closed = [
        *("http://alertmanager:9093/", f"http://{there}:9093/"),
        *(f"http://{name}:{port}/" for name in ("proxy", f"{ops}.10") for port in (8068, 8405, 3903)),
        f"http://{ops}.1:9093/",
    ]
    assert odoo.asks(*closed) == dict.fromkeys(closed, 0)
    assert odoo.asks("http://proxy:8069/web/login") == {"http://proxy:8069/web/login": 200}
    assert odoo.docker.run("exec", odoo.container, "python3", "-c", _KNOCK, "db", "5432").strip() == "open"


def test_who_looks_after_odoo_sees_it_through_the_proxy_and_its_figures(
    small: Installation, odoo: Inside, watcher: Inside
) -> None:
    colour = odoo.address(f"ofitec-test-{small.name}_ofitec")
    seen = watcher.asks(
        *("http://proxy:8069/web/login", "http://proxy:8405/metrics"),
        *("http://proxy:8068/", f"http://{colour}:8069/"),
    )
    assert list(seen.values()) == [200, 200, 0, 0], seen


def test_the_operators_door_opens_to_this_host(small: Installation) -> None:
    asked = urllib.request.Request(
        f"http://127.0.0.1:{small.operators}/web/login", headers={"X-OFITEC-Colour": small.colour}
    )
    with urllib.request.urlopen(asked, timeout=10) as answer:
        assert answer.status == 200


def test_a_container_can_change_nothing_but_its_volumes_and_has_no_rights_of_roots(odoo: Inside) -> None:
    form = "{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}}"
    told = odoo.docker.run("inspect", "--format", form, odoo.container).strip()
    assert told == "true [ALL] [no-new-privileges:true]"
    script = "import pathlib; pathlib.Path('/usr/bin/odoo').write_text('changed')"
    with pytest.raises(Exception, match="Read-only file system"):
        odoo.docker.run("exec", "--user", "root", odoo.container, "python3", "-c", script)
