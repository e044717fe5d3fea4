"""A real sshd of Debian's on loopback, as the user who runs the tests, with one account of ours in it."""

import getpass
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.stack.machine import debian, ports
from dev.stack.machine.paths import CACHE
from tests.ofitec.deploy.ssh_host import key_pair
from tests.waiting import wait_until

_SSHD = ["openssh-server", "libwrap0"]
# sshd of root wants a user of its own for those who have not logged in yet; the package that makes it is not installed
_AS_ROOT = """
set -e
cp /etc/passwd "$FOLDER/passwd"
grep -q '^sshd:' "$FOLDER/passwd" || echo 'sshd:x:65534:65534::/run/sshd:/usr/sbin/nologin' >> "$FOLDER/passwd"
mount --bind "$FOLDER/passwd" /etc/passwd
mkdir -p "$FOLDER/run" /run/sshd
mount --bind "$FOLDER/run" /run/sshd
chmod 755 /run/sshd
exec "$@"
"""


class Sshd:
    """`private` opens it; `command` ran in place of whatever that key asks for."""

    def __init__(self, folder: Path, command: str) -> None:
        self.folder, self.port = folder, ports.pick(set())
        host_private, self.host_key = key_pair()
        self.private, public = key_pair()
        self.login = getpass.getuser()
        for name, text in (
            ("host_key", host_private),
            ("key", self.private),
            ("authorized_keys", f'restrict,command="{command}" {public}\n'),
            ("known_hosts", f"[127.0.0.1]:{self.port} {self.host_key}\n"),
            (
                "sshd_config",
                f"HostKey {folder}/host_key\nAuthorizedKeysFile {folder}/authorized_keys\nPort {self.port}\n"
                "ListenAddress 127.0.0.1\nPasswordAuthentication no\nStrictModes no\nPidFile none\n"
                "PermitRootLogin prohibit-password\nUsePAM no\nSubsystem sftp internal-sftp\n",
            ),
        ):
            (folder / name).write_text(text)
            (folder / name).chmod(0o600)

    @contextmanager
    def running(self) -> Iterator[None]:
        root = debian.unpacked_for_here("Debian's sshd", _SSHD, CACHE / "debian" / "sshd")
        [libraries] = {path.parent for path in root.rglob("libwrap.so.0")}
        argv = [str(root / "usr/sbin/sshd"), "-D", "-e", "-f", str(self.folder / "sshd_config")]
        if os.geteuid() == 0:
            argv = ["unshare", "--mount", "sh", "-c", _AS_ROOT, "sh", *argv]
        env = {**os.environ, "LD_LIBRARY_PATH": str(libraries), "FOLDER": str(self.folder)}
        with (self.folder / "log").open("w") as log:
            server = subprocess.Popen(argv, env=env, stderr=log, stdout=log)
            try:
                wait_until(lambda: self._listens(server), f"sshd: {(self.folder / 'log').read_text()}", timeout=20)
                yield
            finally:
                server.terminate()
                server.wait(10)

    def _listens(self, server: "subprocess.Popen[bytes]") -> bool:
        assert server.poll() is None, (self.folder / "log").read_text()
        return "listening" in (self.folder / "log").read_text()

    def ssh(
        self, *words: str, options: tuple[str, ...] = (), stdin: bytes = b""
    ) -> "subprocess.CompletedProcess[bytes]":
        """The machine's own ssh with that key."""
        given = ["-i", f"{self.folder}/key", "-o", f"UserKnownHostsFile={self.folder}/known_hosts", "-F", "none"]
        given += ["-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-p", str(self.port), *options]
        argv = ["ssh", *given, f"{self.login}@127.0.0.1", *words]
        return subprocess.run(argv, input=stdin, capture_output=True, check=False, timeout=60)
