"""Stands where Slack's incoming webhook would: takes messages over HTTP and keeps each as one JSON line.

    POST /services/...   a message: appended to the file as it came, answered 200 "ok", as Slack does
    PUT  /answer         {"status": 429, "times": 2, "retry_after": 1}: refuse the next messages (nothing is appended)
    GET  /answer         the refusals still to come, and how many messages were refused so far

It is a program of its own (`python -m dev.stack.services.slack_sink PORT FILE`), so that a demo's messages outlive
the command.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from dev.stack.machine import ports
from dev.stack.machine.paths import ROOT, Place
from dev.stack.machine.process import Processes

# Shaped like a real webhook's token, which the Slack connection keeps as its password.
TOKEN_PATH = "/services/T00000000/B00000000/local"  # noqa: S105 - nothing to protect: the sink takes any path


@dataclass(frozen=True)
class SlackSink:
    """A running sink."""

    url: str
    file: Path

    @property
    def webhook(self) -> str:
        return self.url + TOKEN_PATH

    def messages(self) -> list[dict[str, Any]]:
        """Every message taken so far, oldest first."""
        if not self.file.exists():
            return []
        return [json.loads(line) for line in self.file.read_text(encoding="utf-8").splitlines()]

    def refuse(self, status: int, times: int, retry_after: int = 1) -> None:
        """Answers the next `times` messages with `status` (429 with a Retry-After of `retry_after` seconds)."""
        body = json.dumps({"status": status, "times": times, "retry_after": retry_after}).encode()
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/answer", data=body, method="PUT"), timeout=5).close()

    def refused(self) -> int:
        """How many messages were refused since the sink started."""
        with urllib.request.urlopen(f"{self.url}/answer", timeout=5) as answer:
            return int(json.load(answer)["refused"])

    def clear(self) -> None:
        """Forgets the messages and the refusals still to come."""
        self.refuse(200, 0)
        self.file.unlink(missing_ok=True)


def up(place: Place, processes: Processes) -> SlackSink:
    """Starts the sink of `place`; keeps a running one."""
    port = ports.port_of(place, "slack-sink", in_use_by_us=processes.find("slack-sink") is not None)
    sink = SlackSink(f"http://127.0.0.1:{port}", place.dir / "slack.jsonl")
    argv = [sys.executable, "-m", "dev.stack.services.slack_sink", str(port), str(sink.file)]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT / 'include'}:{ROOT}", "LANG": "C.UTF-8"}
    processes.start("slack-sink", argv, env=env)
    processes.wait("slack-sink", lambda: _answers(sink), timeout=20)
    return sink


def _answers(sink: SlackSink) -> bool:
    try:
        sink.refused()
    except (urllib.error.URLError, OSError):
        return False
    return True


class _Server(ThreadingHTTPServer):
    def __init__(self, port: int, file: Path) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.file = file
        self.lock = threading.Lock()
        self.status, self.times, self.retry_after, self.refused = 200, 0, 1, 0


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with self.server.lock:
            # what other services are told here (a dead man's switch) is not Slack's to refuse
            if self.server.times > 0 and self.path.startswith("/services/"):
                self.server.times -= 1
                self.server.refused += 1
                self._answer(self.server.status, b"rate_limited" if self.server.status == 429 else b"refused")
                return
            try:
                message = json.loads(body)
            except ValueError:
                self._answer(400, b"invalid_payload")
                return
            if not message:
                self._answer(400, b"no_text")  # as Slack does: how one asks whether a webhook is valid
                return
            with self.server.file.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(message, ensure_ascii=False) + "\n")
        self._answer(200, b"ok")

    def do_PUT(self) -> None:
        order = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        with self.server.lock:
            self.server.status = order["status"]
            self.server.times = order["times"]
            self.server.retry_after = order["retry_after"]
        self._answer(200, b"ok")

    def do_GET(self) -> None:
        with self.server.lock:
            shown = {"status": self.server.status, "times": self.server.times, "refused": self.server.refused}
        self._answer(200, json.dumps(shown).encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        if status == 429:
            self.send_header("Retry-After", str(self.server.retry_after))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main(port: int, file: Path) -> None:
    """Serves until ended."""
    file.touch(mode=0o600)
    _Server(port, file).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
