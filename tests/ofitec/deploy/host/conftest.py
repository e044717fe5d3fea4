"""An installation's folder with nothing in it, and a HAProxy that is stood in for."""

import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ofitec.deploy.host.machine.proxy import Proxy
from ofitec.deploy.host.record.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "docker-compose.yml").touch()
    return Home.open(tmp_path)


class Runtime(socketserver.StreamRequestHandler):
    """HAProxy's runtime API as far as maps go."""

    entries: dict[str, str]

    def handle(self) -> None:
        command = self.rfile.readline().decode().split()
        if command[:2] in (["set", "map"], ["add", "map"]):
            if command[0] == "set" and command[3] not in self.entries:
                self.wfile.write(b"entry not found.\n")
                return
            self.entries[command[3]] = command[4]
        shown = [f"0x{n:x} {key} {value}" for n, (key, value) in enumerate(self.entries.items())]
        self.wfile.write("\n".join(shown if command[0] == "show" else [""]).encode() + b"\n")


@pytest.fixture
def proxy(home: Home) -> Iterator[Proxy]:
    made = Proxy(home)
    made.prepare()
    Runtime.entries = dict(line.split() for line in (made.folder / "active.map").read_text().splitlines())
    with socketserver.ThreadingUnixStreamServer(str(made.folder / "admin.sock"), Runtime) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield made
        server.shutdown()
