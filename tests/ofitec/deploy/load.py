"""Clients that ask without pause, and what went wrong for them."""

import http.client
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self


@dataclass
class Load:
    """`clients` threads ask `path` of 127.0.0.1:`port` while the block runs; half keep their connection, half close it.

    `failed` counts whatever a user would see as an error; `worst_gap` is the longest time without any good answer.
    """

    port: int
    clients: int = 16
    path: str = "/release"
    pause: float = 0.1  # seconds between two requests of a client: 16 clients leave the machine time to deploy
    good: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    worst_gap: float = 0.0
    slowest: float = 0.0  # seconds that one good answer took

    def __enter__(self) -> Self:
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.last_good = time.monotonic()
        self._threads = [threading.Thread(target=self._ask, args=(n % 2 == 0,)) for n in range(self.clients)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def failures(self) -> int:
        return sum(self.failed.values())

    def _ask(self, keep: bool) -> None:
        conn: http.client.HTTPConnection | None = None
        while not self._stop.is_set():
            asked = time.monotonic()
            try:
                conn = conn or http.client.HTTPConnection("127.0.0.1", self.port, timeout=45)
                conn.request("GET", self.path, headers={"Connection": "keep-alive" if keep else "close"})
                answer = conn.getresponse()
                body = answer.read().decode(errors="replace")
                self._count(f"HTTP {answer.status}" if answer.status != 200 else "", body, asked)
                if not keep or answer.will_close:
                    conn.close()
                    conn = None
            except (OSError, http.client.HTTPException) as error:
                self._count(type(error).__name__, "", asked)
                conn = None
            time.sleep(self.pause)
        if conn:
            conn.close()

    def _count(self, problem: str, body: str, asked: float) -> None:
        with self._lock:
            moment = time.monotonic()
            if problem:
                self.failed[problem] += 1
                return
            self.good += 1
            self.slowest = max(self.slowest, moment - asked)
            self.answers[body[:20]] += 1
            self.worst_gap = max(self.worst_gap, moment - self.last_good)
            self.last_good = moment
