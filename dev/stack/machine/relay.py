"""Lets a host of its own reach some services of this machine, and nothing else of it.

    python -m dev.stack.machine.relay NETWORK_NAMESPACE READY PORT...

Listens on 127.0.0.1:PORT inside the namespace, and passes each connection on to 127.0.0.1:PORT out here. Makes the file
READY once it listens.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import socket
import sys
from functools import partial
from pathlib import Path

_CLONE_NEWNET = 0x40000000
_HERE = Path("/proc/self/ns/net")


def listen(namespace: Path, ports: list[int]) -> dict[int, socket.socket]:
    """Listening sockets inside `namespace`; a socket stays where it was made."""
    outside = os.open(_HERE, os.O_RDONLY)
    inside = os.open(namespace, os.O_RDONLY)
    _enter(inside)
    try:
        return {port: socket.create_server(("127.0.0.1", port)) for port in ports}
    finally:
        _enter(outside)
        os.close(outside)
        os.close(inside)


def _enter(namespace: int) -> None:
    # os.setns came with Python 3.12
    if ctypes.CDLL(None, use_errno=True).setns(namespace, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "cannot enter the network namespace")


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One direction, until its source ends or breaks; then the other side is told."""
    with contextlib.suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError, RuntimeError):
        writer.write_eof()


async def _connected(port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        there, back = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        writer.transport.abort()  # what is refused out here is refused in there
        return
    await asyncio.gather(_pass_on(reader, back), _pass_on(there, writer))
    for end in (back, writer):
        end.close()


async def _serve(listeners: dict[int, socket.socket]) -> None:
    servers = [await asyncio.start_server(partial(_connected, port), sock=sock) for port, sock in listeners.items()]
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    made = listen(Path(sys.argv[1]), [int(port) for port in sys.argv[3:]])
    Path(sys.argv[2]).touch()
    asyncio.run(_serve(made))
