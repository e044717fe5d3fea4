"""A docker engine for the deploy's tests and benchmark: the machine's own if it answers, else Debian's as our child.

Nothing is installed but iptables: the engine's packages are unpacked into the cache, its data stays there too, and it
listens on a socket of its own. Where no image can be pulled, Debian's packages make them all, by Dockerfiles that the
caller names.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from dev.stack.errors import StackError
from dev.stack.machine import debian, ports, process, progress, system_packages
from dev.stack.machine.paths import CACHE, Place, cache_lock
from dev.stack.machine.process import Processes

FOLDER = CACHE / "docker"
SUITE = "trixie"
_BASE, _PARTS, _ODOO_BASE = "ofitec-test/trixie:1", "ofitec-test/parts:1", "ofitec-test/odoo-base:1"


@dataclass(frozen=True)
class Docker:
    """How to reach an engine: variables for whoever calls `docker`, and a registry on loopback.

    `images` is a folder of build contexts: `parts` and `odoo-base` are built from there.
    """

    env: dict[str, str]
    registry: str
    log: Path
    images: Path

    def run(self, *args: str, timeout: float = 900) -> str:
        """`docker ARGS`; returns its standard output. Raises StackError."""
        env = {**os.environ, **self.env}
        return process.run(["docker", *args], log=self.log, env=env, timeout=timeout, what=f"docker {args[0]}")

    def has(self, image: str) -> bool:
        return bool(self.run("image", "ls", "--quiet", image).strip())

    def build(self, tag: str, folder: Path, *, file: Path | None = None, **arguments: str) -> str:
        """Build an image (its layers are cached), and return its tag."""
        args = [part for name, value in arguments.items() for part in ("--build-arg", f"{name}={value}")]
        where = ["--file", str(file)] if file else []
        self.run("build", "--quiet", "--tag", tag, *where, *args, str(folder), timeout=1800)
        return tag

    def push(self, tag: str) -> str:
        """Push an image to the registry; returns repository@digest."""
        self.run("push", "--quiet", tag, timeout=1800)
        form = "{{range .RepoDigests}}{{println .}}{{end}}"
        digests = self.run("image", "inspect", "--format", form, tag).split()
        return next(digest for digest in digests if digest.startswith(tag.rpartition(":")[0] + "@"))

    def parts(self) -> str:
        """HAProxy, PostgreSQL and sshd in one image of Debian's packages."""
        return self.build(_PARTS, self.images / "parts", BASE=self.base())

    def base(self) -> str:
        """Debian's minimal system, made by debootstrap once."""
        with cache_lock("docker-base"):
            if not self.has(_BASE):
                self._debootstrap()
        return _BASE

    def _debootstrap(self) -> None:
        if shutil.which("debootstrap") is None:
            system_packages.install(["debootstrap"], "debootstrap")
        root = FOLDER / SUITE
        shutil.rmtree(root, ignore_errors=True)
        with progress.step(f"Debian {SUITE}: base image (debootstrap)"):
            argv = ["debootstrap", "--variant=minbase", "--include=python3,ca-certificates", SUITE, str(root)]
            process.run([*argv, debian.mirror(self.log)], log=self.log, timeout=1800, what="debootstrap")
            tar = FOLDER / f"{SUITE}.tar"
            process.run(["tar", "-C", str(root), "-cf", str(tar), "."], log=self.log, what="tar")
            self.run("import", str(tar), _BASE)
            tar.unlink()
            shutil.rmtree(root)

    def odoo_base(self) -> str:
        """Debian's Odoo 19 as a stand-in for the official image, with its user, folders and entrypoint."""
        with cache_lock("docker-odoo"):
            if not self.has(_ODOO_BASE):
                context = FOLDER / "odoo-base"
                shutil.rmtree(context, ignore_errors=True)
                shutil.copytree(self.images / "odoo-base", context)
                source = f"Types: deb\nURIs: {debian.mirror(self.log)}\nSuites: sid\nComponents: main\n"
                key = "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"
                # a mirror that stands still for a while is older than its own date allows
                (context / "sid.sources").write_text(source + key + "Check-Valid-Until: no\n")
                with progress.step("Odoo 19 base image"):
                    self.build(_ODOO_BASE, context, BASE=self.base())
        return _ODOO_BASE


def up(place: Place, processes: Processes, images: Path) -> Docker:
    """An engine that answers, and a registry. Raises StackError that says why none can be had."""
    place.make()
    FOLDER.mkdir(parents=True, exist_ok=True)
    env = _plugins(_client())
    log = place.logs / "docker.log"
    if not _answers(env):
        env = env | _start(place, processes)
    return Docker(env, _registry(place, processes), log, images)


def _answers(env: dict[str, str]) -> bool:
    """Whether the engine that the environment names, or the machine's own, answers."""
    try:
        asked = subprocess.run(
            ["docker", "version", "--format", "{{.Server.Version}}"],
            env={**os.environ, **env}, capture_output=True, timeout=20, check=False,
        )  # fmt: skip
    except FileNotFoundError:
        return False
    return asked.returncode == 0


def _client() -> dict[str, str]:
    """The docker command on PATH: the machine's own, else Debian's."""
    if shutil.which("docker") is None:
        path = f"{debian.unpacked('docker-cli') / 'usr/bin'}:{os.environ['PATH']}"
        os.environ["PATH"] = path
    return {"PATH": os.environ["PATH"]}


def _plugins(env: dict[str, str]) -> dict[str, str]:
    """compose and buildx where docker looks for them, if the machine has not got them."""
    asked = [
        subprocess.run(["docker", name, "version"], env={**os.environ, **env}, capture_output=True, check=False)
        for name in ("compose", "buildx")
    ]
    if all(one.returncode == 0 for one in asked):
        return env
    plugins = FOLDER / "config" / "cli-plugins"
    plugins.mkdir(parents=True, exist_ok=True)
    for name in ("compose", "buildx"):
        found = next((debian.unpacked(f"docker-{name}") / "usr").rglob(f"cli-plugins/docker-{name}"))
        link = plugins / f"docker-{name}"
        link.unlink(missing_ok=True)
        link.symlink_to(found)
    return {**env, "DOCKER_CONFIG": str(plugins.parent)}


def _start(place: Place, processes: Processes) -> dict[str, str]:
    if os.geteuid() != 0:
        raise StackError("no docker engine answers, and starting one needs root: start docker, or run this as root.")
    if shutil.which("iptables") is None:
        system_packages.install(["iptables"], "iptables (docker's networks)")
    packages = ("docker.io", "containerd", "runc", "libdevmapper1.02.1")
    root = debian.unpacked_for_here("docker-engine", packages, FOLDER / "engine")
    socket = FOLDER / "docker.sock"
    env = {
        "PATH": f"{root / 'usr/sbin'}:{root / 'usr/bin'}:{os.environ['PATH']}",
        "LD_LIBRARY_PATH": str(root / "usr/lib/x86_64-linux-gnu"),
    }
    argv = [str(root / "usr/sbin/dockerd"), f"--host=unix://{socket}", f"--data-root={FOLDER / 'data'}",
            f"--exec-root={FOLDER / 'exec'}", f"--pidfile={FOLDER / 'docker.pid'}"]  # fmt: skip
    reach = {"DOCKER_HOST": f"unix://{socket}"}
    with progress.step("docker engine"):
        if processes.find("docker") is None:
            # a killed engine leaves this file, and its number may be another program's by now: dockerd would refuse
            (FOLDER / "docker.pid").unlink(missing_ok=True)
        processes.start("docker", argv, env=env)
        processes.wait("docker", lambda: _answers({"PATH": os.environ["PATH"], **reach}), timeout=60)
    return reach


def registry_settings(storage: Path, port: int) -> str:
    """The configuration of a registry on loopback whose images lie below ``storage``."""
    return (
        "version: 0.1\n"
        f"storage: {{filesystem: {{rootdirectory: {storage}}}}}\n"
        f'http: {{addr: "127.0.0.1:{port}"}}\n'
        "log: {level: warn}\n"
    )


def _registry(place: Place, processes: Processes) -> str:
    """A registry on loopback, which docker trusts without TLS; its images stay in the cache."""
    program = debian.unpacked("docker-registry") / "usr/bin/docker-registry"
    port = ports.port_of(place, "registry", in_use_by_us=processes.find("registry") is not None)
    settings = FOLDER / "registry.yml"
    settings.write_text(registry_settings(FOLDER / "registry", port))
    processes.start("registry", [str(program), "serve", str(settings)], env={"OTEL_TRACES_EXPORTER": "none"})
    processes.wait("registry", lambda: not ports.is_free(port), timeout=20)
    return f"127.0.0.1:{port}"
