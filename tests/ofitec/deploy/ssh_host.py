"""A real sshd in a container of its own, on the host's network, with the engine's socket: what Odoo's host is like."""

import json
import shutil
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from dev.stack.machine import ports
from dev.stack.services.docker_engine import Docker


def key_pair() -> tuple[str, str]:
    """An ed25519 key: private in OpenSSH's form, public as "ssh-ed25519 AAAA..."."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    return private, key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


@dataclass
class SshHost:
    """`connection` is the Airflow connection `odoo_host` as JSON."""

    docker: Docker
    folder: Path
    installation: Path

    def start(self) -> Self:
        self.port = ports.pick(set())
        self.host_key, self.private = self._keys()
        self.name = f"ofitec-test-sshd-{self.port}"
        up = f"mkdir -p /run/sshd && exec /usr/sbin/sshd -D -e -p {self.port} -f {self.folder}/sshd_config"
        self.docker.run(
            "run", "--detach", "--rm", "--label", "ofitec-test", "--name", self.name, "--network", "host",
            "--volume", f"{_socket(self.docker)}:/var/run/docker.sock",
            "--volume", f"{self.installation}:{self.installation}",
            "--volume", f"{self.folder}:{self.folder}:ro",
            "--volume", f"{shutil.which('docker', path=self.docker.env['PATH'])}:/usr/local/bin/docker:ro",
            "--volume", f"{_compose(self.docker)}:/usr/local/lib/docker/cli-plugins/docker-compose:ro",
            self.docker.parts(), "sh", "-c", up,
        )  # fmt: skip
        self._wait()
        return self

    def restart(self) -> None:
        """Cut every connection, as a network that fails does."""
        self.docker.run("restart", "--time", "0", self.name)
        self._wait()

    def stop(self) -> None:
        self.docker.run("rm", "--force", self.name)

    def connection(self, host_key: str = "", **extra: str) -> str:
        """Airflow's connection as an environment variable holds it."""
        pinned = {"host_key": host_key or self.host_key, "private_key": self.private, **extra}
        return json.dumps(
            {"conn_type": "ssh", "host": "127.0.0.1", "port": self.port, "login": "root", "extra": pinned}
        )

    def connection_fields(self) -> dict[str, object]:
        """Airflow's connection as its REST API takes it."""
        fields: dict[str, object] = json.loads(self.connection())
        return {**fields, "extra": json.dumps(fields["extra"])}

    def _keys(self) -> tuple[str, str]:
        self.folder.mkdir(parents=True, exist_ok=True)
        host_private, host_public = key_pair()
        private, public = key_pair()
        for name, text in (("host_key", host_private), ("authorized_keys", public + "\n")):
            (self.folder / name).write_text(text)
            (self.folder / name).chmod(0o600)
        (self.folder / "sshd_config").write_text(
            f"HostKey {self.folder}/host_key\nAuthorizedKeysFile {self.folder}/authorized_keys\n"
            "ListenAddress 127.0.0.1\nPasswordAuthentication no\nStrictModes no\nPermitRootLogin prohibit-password\n"
        )
        return host_public, private

    def _wait(self) -> None:
        deadline = time.monotonic() + 20
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1) as conn:
                    if conn.recv(4) == b"SSH-":
                        return
            except OSError:
                pass
            assert time.monotonic() < deadline, self.docker.run("logs", self.name)
            time.sleep(0.1)


def _socket(docker: Docker) -> str:
    context = docker.run("context", "inspect", "--format", "{{.Endpoints.docker.Host}}").strip()
    return (docker.env.get("DOCKER_HOST") or context).removeprefix("unix://")


def _compose(docker: Docker) -> str:
    plugins = json.loads(docker.run("info", "--format", "{{json .ClientInfo.Plugins}}"))
    path = next(plugin["Path"] for plugin in plugins if plugin["Name"] == "compose")
    return str(Path(path).resolve())
