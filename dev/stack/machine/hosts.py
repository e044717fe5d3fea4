"""A machine within this one, as a second server would be: an address, disk, temporary folders and processes of its own.

It sees the programs (the working copy and its cache) and, of what the stack keeps, only what it is given. Its disk
stands where the stack's own folder is, so the same settings hold on each host and mean another disk on each. Of this
machine's servers it reaches the ports it is given. Made of Linux namespaces, for which one must be root.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dev.stack.errors import StackError
from dev.stack.machine import process
from dev.stack.machine.paths import ROOT, Place
from dev.stack.machine.process import Processes, Record

_BEGIN = """
set -e
echo "$HOST_NAME" > /proc/sys/kernel/hostname
mount --bind "$HOST_DISK/.hosts" /etc/hosts
for folder in $HOST_GIVEN; do
  mkdir -p "$HOST_DISK/${folder#$HOST_PLACE/}"
  mount --bind "$folder" "$HOST_DISK/${folder#$HOST_PLACE/}"
done
for folder in $HOST_TEMPORARY; do mount --bind "$HOST_DISK/tmp" "$folder"; done
mount --rbind "$HOST_DISK" "$HOST_PLACE"
cd "$HOST_PLACE"
unset HOST_NAME HOST_DISK HOST_GIVEN HOST_TEMPORARY HOST_PLACE
exec "$@"
"""


@dataclass(frozen=True)
class Host:
    """One of them. `disk` is its own, seen from outside."""

    name: str
    place: Place
    number: int

    @property
    def disk(self) -> Path:
        return self.place.dir / "hosts" / self.name

    @property
    def address(self) -> str:
        return f"{self._net}.{4 * self.number + 2}"

    @property
    def _net(self) -> str:
        return f"10.213.{int(self._key[:2], 16)}"

    @property
    def _key(self) -> str:
        """Tells this working copy's hosts from another's on the same machine."""
        return hashlib.sha256(str(self.place.dir).encode()).hexdigest()[:6]

    @property
    def namespace(self) -> str:
        return f"ofitec-{self._key}-{self.name}"

    def make(self, processes: Processes, reaches: Sequence[int]) -> None:
        """An empty disk, a network with an address, and the way to these loopback ports of this machine."""
        if os.geteuid() != 0:
            raise StackError("a host of its own needs root (network and mount namespaces): run this as root.")
        self.remove(processes)
        for folder in (self.disk / "tmp", self.disk / "home"):
            folder.mkdir(parents=True, mode=0o700)
        (self.disk / ".hosts").write_text(f"127.0.0.1 localhost\n{self.address} {self.name}\n")
        outside = f"of{self._key}{self.number}"
        self._ip("netns", "add", self.namespace)
        self._ip("link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", self.namespace)
        self._ip("addr", "add", f"{self._net}.{4 * self.number + 1}/30", "dev", outside)
        self._ip("link", "set", outside, "up")
        for command in (
            ("addr", "add", f"{self.address}/30", "dev", "eth0"), ("link", "set", "eth0", "up"),
            ("link", "set", "lo", "up"),
        ):  # fmt: skip
            self._ip("-n", self.namespace, *command)
        name, ready = f"relay-{self.name}", self.disk / ".reaches"
        argv = [sys.executable, "-m", "dev.stack.machine.relay", f"/run/netns/{self.namespace}", str(ready)]
        argv += map(str, reaches)
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{ROOT / 'include'}"}
        processes.start(name, argv, env=env)
        processes.wait(name, ready.exists, timeout=30)

    def install(self, file: Path) -> None:
        """Puts a copy of one of the stack's files on its disk, at the same path."""
        copy = self.disk / file.relative_to(self.place.dir)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, copy)

    def start(
        self, processes: Processes, argv: Sequence[str], *, env: Mapping[str, str], given: Sequence[Path] = ()
    ) -> Record:
        """Starts its one program, with all it starts; ending it is a loss of power.

        `given` are folders of the stack that it shares with this machine, at the same path.
        """
        temporary = [folder for folder in ("/tmp", "/var/tmp") if not ROOT.is_relative_to(folder)]  # noqa: S108
        begin = {
            "HOST_NAME": self.name,
            "HOST_DISK": str(self.disk),
            "HOST_PLACE": str(self.place.dir),
            "HOST_GIVEN": " ".join(map(str, given)),
            "HOST_TEMPORARY": " ".join(temporary),
            "HOME": str(self.place.dir / "home"),
        }
        apart = ["unshare", "--mount", "--uts", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc"]
        command = ["ip", "netns", "exec", self.namespace, *apart, "sh", "-c", _BEGIN, "sh", *argv]
        return processes.start(self.name, command, env={**env, **begin}, stop_signal=signal.SIGKILL)

    def remove(self, processes: Processes) -> None:
        """Ends it, and its disk is lost."""
        for name in (self.name, f"relay-{self.name}"):
            processes.stop(name)
        if Path("/run/netns", self.namespace).exists():
            self._ip("netns", "del", self.namespace)
        shutil.rmtree(self.disk, ignore_errors=True)

    def _ip(self, *args: str) -> None:
        process.run(["ip", *args], log=self.place.logs / "hosts.log", what=f"ip {args[0]}")
