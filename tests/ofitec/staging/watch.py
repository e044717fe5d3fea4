"""Watches a network namespace: gives it a way out that leads nowhere, and counts what is sent on it."""

import json
import subprocess
import time
from pathlib import Path

_WAY_OUT = """
ip link add way type veth peer name nowhere
ip link set way arp off addrgenmode none
ip link set nowhere addrgenmode none
ip addr add 10.99.0.2/24 dev way
ip link set way up
ip link set nowhere up
ip route add default dev way
"""
_TRY = "import socket; s = socket.socket(); s.settimeout(0.2); s.connect_ex(('192.0.2.25', 25))"


class Watch:
    """One namespace, by a process in it.

    :param folder: where the first process in it wrote its id
    """

    def __init__(self, folder: Path) -> None:
        until = time.monotonic() + 60
        while not (folder / "inside.pid").exists():
            assert time.monotonic() < until, "nothing runs in the namespace"
            time.sleep(0.1)
        self.pid = (folder / "inside.pid").read_text()

    def devices(self) -> list[str]:
        """The network devices that the namespace has."""
        return [found["ifname"] for found in json.loads(self._in("ip", "-j", "link"))]

    def open_a_way_out(self) -> None:
        """From now on what tries to leave is sent, counted, and lost."""
        self._in("sh", "-ec", _WAY_OUT)

    def tried(self) -> int:
        """Packets that tried to leave."""
        [way] = json.loads(self._in("ip", "-s", "-j", "link", "show", "way"))
        return int(way["stats64"]["tx"]["packets"])

    def somebody_calls_out(self) -> None:
        """One connection to an address of the documentation's: it is to be seen."""
        self._in("python3", "-c", _TRY)

    def _in(self, *argv: str) -> str:
        return subprocess.run(
            ["nsenter", "--target", self.pid, "--net", "--", *argv], check=True, capture_output=True, text=True
        ).stdout
