"""Bytes pass both ways, by TCP and by unix sockets, and an end that is not there yet is waited for."""

import socket
import threading
from pathlib import Path

import pytest

from dev.stack.machine import ports
from ofitec.staging.relay import relaying


def echo(listener: socket.socket) -> None:
    while True:
        try:
            conn, _ = listener.accept()
        except OSError:
            return
        with conn:
            content = b"".join(iter(lambda conn=conn: conn.recv(4096), b""))  # type: ignore[misc]
            conn.sendall(content[::-1])


def test_what_goes_in_comes_out_at_the_other_end_and_back(tmp_path: Path) -> None:
    port, path = ports.pick(set()), str(tmp_path / "through.sock")
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=echo, args=(server,), daemon=True).start()
        # from TCP to a file, and from that file to TCP: the way into a namespace
        with relaying((("127.0.0.1", port), path), (path, server.getsockname())):
            for size in (1, 70_000, 3_000_000):
                content = bytes(number % 251 for number in range(size))
                with socket.create_connection(("127.0.0.1", port)) as client:
                    threading.Thread(target=send, args=(client, content), daemon=True).start()
                    answer = b"".join(iter(lambda client=client: client.recv(65536), b""))  # type: ignore[misc]
                assert answer == content[::-1]


def send(client: socket.socket, content: bytes) -> None:
    client.sendall(content)
    client.shutdown(socket.SHUT_WR)


def test_a_port_that_is_taken_is_an_error(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        pytest.raises(OSError, match="in use"),
        relaying((server.getsockname(), str(tmp_path / "nobody.sock"))),
    ):
        pass


def test_it_ends_with_its_block(tmp_path: Path) -> None:
    port = ports.pick(set())
    with relaying((("127.0.0.1", port), str(tmp_path / "nobody.sock"))):
        pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
