"""A dead man's switch on loopback: keeps what it was asked, and answers as it is told."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

KEY = "Zq7" + "kPingKeyOfTheTests"


@dataclass
class Heard:
    """One request: its path below the ping key, its query, the bytes of its body."""

    path: str
    query: dict[str, list[str]]
    body: int


@dataclass
class Switch:
    """:param answers: HTTP statuses to give, one a request; 200 when they are used up; 0 breaks the connection"""

    port: int
    heard: list[Heard] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    @property
    def connection(self) -> dict[str, object]:
        """Airflow's `ping_default`."""
        return {"conn_type": "generic", "host": f"http://127.0.0.1:{self.port}", "password": KEY}

    def signals(self, slug: str) -> list[str]:
        """What was told of a check, in order."""
        prefix = f"/{slug}"
        return [each.path.removeprefix(prefix).strip("/") or "success" for each in self.heard
                if each.path.startswith(prefix)]  # fmt: skip


@contextmanager
def dead_mans_switch() -> Iterator[Switch]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            assert asked.path.startswith(f"/{KEY}/")
            body = int(self.headers.get("Content-Length") or 0)
            switch.heard.append(Heard(asked.path.removeprefix(f"/{KEY}"), parse_qs(asked.query), body))
            status = switch.answers.pop(0) if switch.answers else 200
            if not status:
                self.close_connection = True
                return
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"OK")

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    switch = Switch(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield switch
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
