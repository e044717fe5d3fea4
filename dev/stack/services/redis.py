"""A Redis with a password, on a loopback port: the broker between Airflow's scheduler and Celery workers."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass

import redis

from dev.stack.machine import debian, ports, progress
from dev.stack.machine.paths import CACHE, Place
from dev.stack.machine.process import Processes
from ofitec.whole_file import write_whole

# of the machine's own release, with the libraries that a machine without Redis may lack
_PACKAGES = ("redis-server", "redis-tools", "liblzf1", "libjemalloc2", "liblua5.1-0", "libatomic1")


@dataclass(frozen=True)
class Redis:
    """A running server."""

    port: int
    password: str

    def __repr__(self) -> str:
        return f"Redis(port={self.port})"

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def answers(self) -> bool:
        """Whether it takes the password and a command."""
        try:
            with redis.Redis(host="127.0.0.1", port=self.port, password=self.password, socket_timeout=5) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


def up(place: Place, processes: Processes) -> Redis:
    """Starts the server of `place`, empty; keeps a running one."""
    root = debian.unpacked_for_here("redis", _PACKAGES, CACHE / "redis")
    folder = place.dir / "redis"
    folder.mkdir(mode=0o700, exist_ok=True)
    secret = folder / "password"
    if not secret.exists():
        write_whole(secret, secrets.token_urlsafe(24))
    port = ports.port_of(place, "redis", in_use_by_us=processes.find("redis") is not None)
    server = Redis(port, secret.read_text())
    settings = folder / "redis.conf"
    write_whole(
        settings, f'bind 127.0.0.1\nport {port}\nrequirepass {server.password}\nsave ""\nappendonly no\ndir {folder}\n'
    )
    with progress.step("Redis"):
        env = {"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": str(next((root / "usr/lib").glob("*-linux-gnu")))}
        processes.start("redis", [str(root / "usr/bin/redis-server"), str(settings)], env=env, cwd=folder)
        processes.wait("redis", server.answers, timeout=30)
    return server
