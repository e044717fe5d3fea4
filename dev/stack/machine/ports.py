"""Loopback ports: chosen once per stack, kept in its state, chosen again only when somebody else took one."""

from __future__ import annotations

import json
import random
import socket

from dev.stack.errors import StackError
from dev.stack.machine.paths import Place
from ofitec.whole_file import write_whole

# Below the kernel's ephemeral range, so that an outgoing connection never holds a recorded port.
RANGE = range(20000, 32000)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def pick(taken: set[int]) -> int:
    """A free port outside `taken`. Raises StackError when 200 tries found none."""
    for _ in range(200):
        port = random.choice(RANGE)
        if port not in taken and is_free(port):
            return port
    raise StackError(
        f"no free port on 127.0.0.1 between {RANGE.start} and {RANGE.stop}: end some servers and try again."
    )


def recorded(place: Place) -> dict[str, int]:
    try:
        ports: dict[str, int] = json.loads((place.dir / "ports.json").read_text())
    except FileNotFoundError:
        return {}
    return ports


def port_of(place: Place, name: str, *, in_use_by_us: bool = False) -> int:
    """The port of server `name` in `place`: the recorded one when it is free or ours, else a new one, recorded."""
    ports = recorded(place)
    port = ports.get(name)
    if port is not None and (in_use_by_us or is_free(port)):
        return port
    ports[name] = pick(set(ports.values()))
    write_whole(place.dir / "ports.json", json.dumps(ports, indent=1))
    return ports[name]
