"""HAProxy: the switch (entries of one map), its counters, and the operators' door."""

import csv
import io
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass

from ofitec.deploy.host.record.home import Home, say
from ofitec.errors import PermanentError, TransientError
from ofitec.whole_file import write_whole

MAINTENANCE = "maintenance"
_MAP = "/state/active.map"  # as HAProxy sees it
LONGEST_HOLD = 30.0  # seconds: as often HAProxy tries a request again (haproxy.cfg, backend hold)
_KEYS = ("active", "canary", "share", "trial", "until")
_START = {"active": MAINTENANCE, "canary": "none", "share": "0", "trial": "none", "until": "0"}


class ProxyDown(TransientError):
    """HAProxy's socket does not answer."""


@dataclass(frozen=True)
class Traffic:
    """Counters of one backend since HAProxy started."""

    requests: int
    errors: int  # answers 5xx
    open: int  # requests under way

    def since(self, before: "Traffic") -> "Traffic":
        """What was added after `before`; a restarted HAProxy begins again at 0."""
        if self.requests < before.requests:
            return self
        return Traffic(self.requests - before.requests, self.errors - before.errors, self.open)


class Proxy:
    """The HAProxy of one installation."""

    def __init__(self, home: Home) -> None:
        self.folder = home.state / "proxy"

    def prepare(self) -> None:
        """Make the map's file on a new host."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self.folder / "active.map").exists():
            self._write(_START)

    def entries(self) -> dict[str, str]:
        """What HAProxy goes by now.

        :raises ProxyDown: if it does not answer
        """
        lines = (line.split() for line in self._ask(f"show map {_MAP}").splitlines())
        return {parts[1]: parts[2] for parts in lines if len(parts) == 3}

    def switch(self, colour: str) -> None:
        """Send every request from now on to a colour, or to the maintenance page; a canary ends with it.

        The running HAProxy first, then its file: a full disk cannot keep people on the maintenance page. A file that
        could not be written is made to agree by `repair`, at the next `recover`.

        :raises ProxyDown: if it does not answer
        :raises PermanentError: if it did not take the entry
        """
        self._open_hold(colour)
        self._set({**_START, "active": colour})

    def hold(self, seconds: float) -> None:
        """Have requests wait for the next `switch`; those that come later than so many seconds from now get the
        maintenance page at once, and so does one that has waited for LONGEST_HOLD. 0: the page for all.

        :raises ProxyDown: if it does not answer
        :raises PermanentError: if it did not take the entry
        """
        self._open_hold("nowhere")
        until = int(time.time() + min(seconds, LONGEST_HOLD)) if seconds else 0
        self._set({"until": str(until), **{key: value for key, value in _START.items() if key != "until"}})

    def repair(self) -> bool:
        """Make the file, by which HAProxy starts, say what HAProxy goes by now; True if that was needed.

        :raises ProxyDown: if it does not answer
        """
        now = self.entries()
        if self._kept() == now:
            return False
        self._write(now)
        return True

    def canary(self, active: str, colour: str, percent: int, trial: str) -> None:
        """Send a share of the new sessions to another colour."""
        self._set({**_START, "active": active, "canary": colour, "share": str(percent), "trial": trial})

    def traffic(self, backend: str) -> Traffic:
        """The counters of a backend."""
        table = csv.DictReader(io.StringIO(self._ask("show stat").lstrip("# ")))
        for row in table:
            if row["pxname"] == backend and row["svname"] == "BACKEND":
                return Traffic(int(row["req_tot"] or 0), int(row["hrsp_5xx"] or 0), int(row["scur"] or 0))
        raise PermanentError(f"HAProxy knows no backend {backend}. Its configuration is not this package's.")

    def drain(self, backend: str, seconds: float) -> bool:
        """Wait until a backend has no request under way; False if some still run after `seconds`."""
        deadline = time.monotonic() + seconds
        while self.traffic(backend).open:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.2)
        return True

    def wait(self, seconds: float) -> None:
        """Wait until HAProxy answers.

        :raises ProxyDown: if it does not in that time
        """
        deadline = time.monotonic() + seconds
        while True:
            try:
                self.entries()
            except ProxyDown:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            else:
                return

    def _open_hold(self, server: str) -> None:
        """Let requests that wait reach this server of the backend hold, and no other."""
        servers = ("nowhere", "blue", "green")
        if server in servers:
            shut = [f"set server hold/{other} state maint" for other in servers if other != server]
            self._ask(";".join([f"set server hold/{server} state ready", *shut]))

    def _set(self, wanted: Mapping[str, str]) -> None:
        # in the caller's order: a switch must not be seen half done
        for key, value in wanted.items():
            if "not found" in self._ask(f"set map {_MAP} {key} {value}"):
                self._ask(f"add map {_MAP} {key} {value}")  # its file is older than the key
        try:
            self._write(wanted)
        except OSError as error:
            say(f"HAProxy goes by {wanted['active']}; its file was not written ({error}): `recover`.")
        # last, for a HAProxy that restarted in between came up with the old file
        found = self.entries()
        if found != dict(wanted):
            raise PermanentError(f"HAProxy goes by {found} and not by {dict(wanted)}. Restart it: it reads the file.")

    def _kept(self) -> dict[str, str]:
        try:
            lines = (line.split() for line in (self.folder / "active.map").read_text().splitlines())
        except FileNotFoundError:
            return {}
        return {parts[0]: parts[1] for parts in lines if len(parts) == 2}

    def _write(self, entries: Mapping[str, str]) -> None:
        write_whole(self.folder / "active.map", "".join(f"{key} {entries[key]}\n" for key in _KEYS), mode=0o644)

    def _ask(self, command: str) -> str:
        try:
            with socket.socket(socket.AF_UNIX) as conn:
                conn.settimeout(5)
                conn.connect(str(self.folder / "admin.sock"))
                conn.sendall(f"{command}\n".encode())
                answer = b"".join(iter(lambda: conn.recv(65536), b""))
        except OSError as error:
            raise ProxyDown(
                f"HAProxy's socket in {self.folder} does not answer ({error}). Start it: docker compose up -d proxy."
            ) from None
        return answer.decode(errors="replace").strip()
