"""An HTTP proxy on loopback before a real S3 server that refuses the n-th writing request, or all from then on."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

_REFUSAL = b"<Error><Code>AccessDenied</Code><Message>refused by the test</Message></Error>"


class FaultyProxy:
    """Counts requests and writes (PUT, POST, DELETE); refuses from the n-th write on, or that one alone."""

    def __init__(self, upstream: str) -> None:
        self.upstream = urlsplit(upstream)
        self.url = ""
        self.writes = self.requests = 0
        self._first, self._last = 0, -1

    def refuse_from(self, n: int) -> None:
        self.writes, self._first, self._last = 0, n, 10**9

    def refuse_only(self, n: int) -> None:
        self.writes, self._first, self._last = 0, n, n

    def allow(self) -> None:
        self._last = -1

    def refuses(self, method: str) -> bool:
        self.requests += 1
        if method not in ("PUT", "POST", "DELETE"):
            return False
        self.writes += 1
        return self._first <= self.writes <= self._last


@contextmanager
def proxy_before(upstream: str) -> Iterator[FaultyProxy]:
    """Run a proxy before the server at `upstream`."""
    proxy = FaultyProxy(upstream)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if proxy.refuses(self.command):
                self.answer(403, {"Content-Type": "application/xml"}, _REFUSAL)
                return
            conn = http.client.HTTPConnection(proxy.upstream.hostname or "", proxy.upstream.port, timeout=20)
            conn.request(self.command, self.path, body, dict(self.headers))
            response = conn.getresponse()
            self.answer(response.status, dict(response.getheaders()), response.read())
            conn.close()

        def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                    self.send_header(name, value)
            length = headers.get("Content-Length", "") if self.command == "HEAD" else str(len(body))
            self.send_header("Content-Length", length or "0")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
