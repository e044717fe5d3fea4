"""The switch when the disk is full: HAProxy first, its file when there is room again. Its socket is stood in for."""

import resource
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ofitec.deploy.host.machine.proxy import MAINTENANCE, Proxy
from ofitec.deploy.host.record.home import Home


class _Runtime(socketserver.StreamRequestHandler):
    """HAProxy's runtime API as far as maps go."""

    entries: dict[str, str]

    def handle(self) -> None:
        command = self.rfile.readline().decode().split()
        if command[:2] == ["set", "map"]:
            self.entries[command[3]] = command[4]
        shown = [f"0x{n:x} {key} {value}" for n, (key, value) in enumerate(self.entries.items())]
        self.wfile.write("\n".join(shown if command[0] == "show" else [""]).encode() + b"\n")


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    (tmp_path / "docker-compose.yml").touch()
    made = Proxy(Home.open(tmp_path))
    made.prepare()
    _Runtime.entries = dict(line.split() for line in (made.folder / "active.map").read_text().splitlines())
    with socketserver.ThreadingUnixStreamServer(str(made.folder / "admin.sock"), _Runtime) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield made
        server.shutdown()


@contextmanager
def _full_disk() -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_full_disk_keeps_nobody_on_the_maintenance_page(proxy: Proxy) -> None:
    file = proxy.folder / "active.map"
    proxy.switch(MAINTENANCE)
    with _full_disk():
        proxy.switch("blue")
    assert proxy.entries()["active"] == "blue"
    assert file.read_text().startswith(f"active {MAINTENANCE}\n")
    assert proxy.repair()
    assert file.read_text().startswith("active blue\n")
    assert not proxy.repair()
