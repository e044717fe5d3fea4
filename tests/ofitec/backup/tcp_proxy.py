"""A TCP proxy that refuses, resets or stalls connections: what a storage does when it goes away."""

import socket
import threading
import time
from contextlib import suppress


class TcpProxy:
    """Forwards to a local port until told otherwise.

    :param after: bytes towards the server after which the fault begins; 0: at once
    :param fault: "refuse" (reset each connection) or "stall" (keep it open and say nothing)
    """

    def __init__(self, port: int, *, fault: str, after: int) -> None:
        self.fault, self._target, self._left = fault, port, after
        self._stop = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._stop.set()
        self._server.close()

    @property
    def broken(self) -> bool:
        return self._left <= 0

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        if self.broken and self.fault == "refuse":
            _reset(client)
            return
        with suppress(OSError), socket.create_connection(("127.0.0.1", self._target)) as server:
            answers = threading.Thread(target=self._copy, args=[server, client, False], daemon=True)
            answers.start()
            self._copy(client, server, True)

    def _copy(self, source: socket.socket, sink: socket.socket, counted: bool) -> None:
        with suppress(OSError):
            while chunk := source.recv(1 << 16):
                if counted:
                    self._left -= len(chunk)
                if self.broken and self.fault == "refuse":
                    _reset(source)
                    return
                while self.broken and not self._stop.is_set():
                    time.sleep(0.1)
                sink.sendall(chunk)
            sink.shutdown(socket.SHUT_WR)


def _reset(conn: socket.socket) -> None:
    # linger 0: RST in place of FIN
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    conn.close()
