"""Passes connections on, byte for byte: how the staging Odoo, alone in its namespace, has a database and a page.

An end is a host and a port, or the path of a unix socket: those are files, and files are not in any network.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress

End = tuple[str, int] | str

_SIZE = 65536
_TRIES, _BREAK = 100, 0.1  # until the other side listens


@contextmanager
def relaying(*pairs: tuple[End, End]) -> Iterator[None]:
    """While the block runs, whoever connects to the first of a pair is connected with the second.

    :raises OSError: if one cannot be listened at
    """
    ready: Future[Callable[[], object]] = Future()

    async def live() -> None:
        ended = asyncio.Event()
        servers = []
        try:
            for here, there in pairs:
                servers.append(await _serve(here, there))
            loop = asyncio.get_running_loop()
            ready.set_result(lambda: loop.call_soon_threadsafe(ended.set))
            await ended.wait()
        except OSError as error:
            ready.set_exception(error)
        finally:
            for server in servers:
                server.close()

    thread = threading.Thread(target=lambda: asyncio.run(live()), name="relay", daemon=True)
    thread.start()
    end = ready.result()
    try:
        yield
    finally:
        end()
        thread.join(5)


async def _serve(here: End, there: End) -> asyncio.Server:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            other_reader, other_writer = await _open(there)
        except OSError:
            writer.close()
            return
        try:
            await asyncio.gather(_pour(reader, other_writer), _pour(other_reader, writer))
        except asyncio.CancelledError:
            pass  # the relay ends, and asyncio would log each connection that ends with it
        finally:
            writer.close()
            other_writer.close()

    if isinstance(here, str):
        return await asyncio.start_unix_server(connected, here)
    return await asyncio.start_server(connected, *here)


async def _open(there: End) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    for left in reversed(range(_TRIES)):
        try:
            if isinstance(there, str):
                return await asyncio.open_unix_connection(there)
            return await asyncio.open_connection(*there)
        except (ConnectionRefusedError, FileNotFoundError):
            if not left:
                raise
            await asyncio.sleep(_BREAK)
    raise AssertionError


async def _pour(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """One direction; the other goes on until its own end."""
    with suppress(OSError):
        while content := await source.read(_SIZE):
            target.write(content)
            await target.drain()
    with suppress(OSError, RuntimeError):
        target.write_eof()
