"""A host of its own: nothing of this machine but what it was given."""

import os
import socket
import sys
from collections.abc import Iterator

import pytest

from dev.stack.machine.hosts import Host
from dev.stack.machine.paths import Place
from dev.stack.machine.process import Processes
from tests.waiting import wait_gone, wait_until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="network and mount namespaces need root")

PROGRAM = """
import pathlib, socket, sys
given, other, place = sys.argv[1:]
for port in (given, other):
    try:
        with socket.create_connection(("127.0.0.1", int(port))) as there:
            print("reached", there.recv(9).decode())
    except OSError:
        print("refused")
print("address", socket.gethostbyname(socket.gethostname()))
print("sees", sorted(path.name for path in pathlib.Path(place).iterdir()))
sys.stdout.flush()
pathlib.Path(place, "given", "word").write_text("told")
pathlib.Path("/var/tmp/ofitec-own").touch()
import time; time.sleep(600)
"""


@pytest.fixture
def host() -> Iterator[tuple[Host, Processes]]:
    place = Place("test-host")
    place.make()
    processes, made = Processes(place), Host("anfitrion", place, 1)
    yield made, processes
    made.remove(processes)
    processes.stop_all()


def test_a_host_has_a_disk_and_an_address_of_its_own_and_reaches_only_what_it_was_given(
    host: tuple[Host, Processes],
) -> None:
    made, processes = host
    given = made.place.dir / "given"
    given.mkdir(exist_ok=True)
    (given / "word").unlink(missing_ok=True)  # of a test that was cut off
    (made.place.dir / "secret").touch()
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        ports = [server.getsockname()[1] for server in (one, two)]
        made.make(processes, ports[:1])
        argv = [sys.executable, "-c", PROGRAM, *map(str, ports), str(made.place.dir)]
        record = made.start(processes, argv, env={"PATH": os.environ["PATH"]}, given=[given])
        with one.accept()[0] as there:
            there.sendall(b"hola")
        log = made.place.logs / "anfitrion.log"
        wait_until((given / "word").exists, "its program's end", timeout=20)
    said = log.read_text().splitlines()[-4:]
    assert said == [
        "reached hola",
        "refused",
        f"address {made.address}",
        "sees ['.hosts', '.reaches', 'given', 'home', 'tmp']",
    ]
    wait_until((made.disk / "tmp" / "ofitec-own").exists, "its own /var/tmp", timeout=5)
    assert (given / "word").read_text() == "told"
    # a loss of power: nothing of it is left running
    processes.stop(made.name)
    assert wait_gone(record.pid)
