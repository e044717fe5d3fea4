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
    times: list[tuple[float, float]] = field(default_factory=list)  # each good answer: its moment, the seconds it took

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
            begun = time.monotonic()
            try:
                conn = conn or http.client.HTTPConnection("127.0.0.1", self.port, timeout=45)
                conn.request("GET", self.path, headers={"Connection": "keep-alive" if keep else "close"})
                answer = conn.getresponse()
                body = answer.read().decode(errors="replace")
                self._count(f"HTTP {answer.status}" if answer.status != 200 else "", body, begun)
                if not keep or answer.will_close:
                    conn.close()
                    conn = None
            except (OSError, http.client.HTTPException) as error:
                self._count(type(error).__name__, "", begun)
                conn = None
            time.sleep(self.pause)
        if conn:
            conn.close()

    @property
    def slowest(self) -> float:
        """Seconds that one good answer took."""
        return max((seconds for _moment, seconds in self.times), default=0.0)

    def p95(self, since: float, until: float) -> float:
        """Seconds in which 95 % of the good answers between two moments (time.monotonic) came."""
        with self._lock:
            spent = sorted(seconds for moment, seconds in self.times if since <= moment <= until)
        return spent[int(len(spent) * 0.95)]

    def _count(self, problem: str, body: str, begun: float) -> None:
        with self._lock:
            moment = time.monotonic()
            if problem:
                self.failed[problem] += 1
                return
            self.good += 1
            self.times.append((moment, moment - begun))
            self.answers[body[:20]] += 1
            self.worst_gap = max(self.worst_gap, moment - self.last_good)
            self.last_good = moment
