"""One installation of Odoo behind HAProxy, as a host has it, in a folder with ports and a network of its own."""

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from dev.stack.machine import ports
from dev.stack.machine.paths import ROOT
from dev.stack.services.docker_engine import Docker
from ofitec.deploy import bundle

# Ends the process by SIGKILL at the end of one step: before its journal entry says so, or after
_KILLER = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from ofitec.deploy.host import cli
from ofitec.deploy.host.record import journal
step, told = sys.argv[2], sys.argv[3] == "told"
done = journal.Journal.done
def killed(self, entry):
    if entry["name"] == step and not told:
        os.kill(os.getpid(), signal.SIGKILL)
    done(self, entry)
    if entry["name"] == step:
        os.kill(os.getpid(), signal.SIGKILL)
journal.Journal.done = killed
sys.exit(cli.main(sys.argv[4:]))
"""

# Leaves no room on the disk for this process from the end of one step on: every write fails, as on a full one
_FILLER = """
import resource, sys
sys.path.insert(0, sys.argv[1])
from ofitec.deploy.host import cli
from ofitec.deploy.host.record import journal
step = sys.argv[2]
done = journal.Journal.done
def filled(self, entry):
    done(self, entry)
    if entry["name"] == step:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
journal.Journal.done = filled
sys.exit(cli.main(sys.argv[3:]))
"""


@dataclass
class Installation:
    """A folder with docker-compose.yml, .env, secrets and state, and the program that drives it."""

    name: str
    docker: Docker
    root: Path
    network: int  # the third number of 172.31.x.0/24
    settings: Mapping[str, str] = field(default_factory=dict)

    def make(self) -> Self:
        shutil.rmtree(self.root, ignore_errors=True)
        for part in ("images", "monitoring"):
            shutil.copytree(ROOT / "include" / part, self.root / "include" / part)
        compose = (ROOT / "docker-compose.yml").read_text()
        # a small disk beside PostgreSQL's own, for the test that fills it
        disks = "    tmpfs: [/tmp, /run]\n"
        assert compose.count(disks) == 1
        small = disks.replace("]", ", '/small:size=48m']")
        (self.root / "docker-compose.yml").write_text(compose.replace(disks, small))
        taken: set[int] = set()
        for _ in range(2):
            taken.add(ports.pick(taken))
        self.http, self.operators = sorted(taken)
        chosen = {
            "COMPOSE_PROJECT_NAME": f"ofitec-test-{self.name}",
            "OFITEC_POSTGRES_IMAGE": self.docker.parts(),
            "OFITEC_PROXY_IMAGE": self.docker.parts(),
            "OFITEC_NET": f"172.31.{self.network}",
            "OFITEC_OPS_NET": f"172.31.{self.network + 100}",
            "OFITEC_HTTP_PORT": str(self.http),
            "OFITEC_OPERATORS_PORT": str(self.operators),
            "OFITEC_BOOT_SECONDS": "60",
            "OFITEC_DRAIN_SECONDS": "10",
            "OFITEC_STOP_GRACE": "15s",
        } | dict(self.settings)
        (self.root / ".env").write_text("".join(f"{key}={value}\n" for key, value in chosen.items()))
        program = bundle.build()
        self.program = self.root / bundle.name(program)
        self.program.write_bytes(program)
        self.down()
        return self

    def choose(self, **settings: str) -> None:
        """Give settings in .env another value."""
        file = self.root / ".env"
        kept = [line for line in file.read_text().splitlines() if line.partition("=")[0] not in settings]
        file.write_text("\n".join([*kept, *(f"{key}={value}" for key, value in settings.items())]) + "\n")

    @property
    def env(self) -> dict[str, str]:
        return {**os.environ, **self.docker.env, "PYTHONDONTWRITEBYTECODE": "1"}

    def host(self, *args: str, timeout: float = 300) -> dict[str, Any]:
        """One verb of the host program; its answer, which holds "error" if it failed."""
        return self._answer([str(self.program), "--home", str(self.root), *args], timeout)

    def killed_after(self, step: str, *args: str, told: bool) -> int:
        """One verb, killed by SIGKILL at the end of a step; returns the process's status (-9)."""
        argv = [sys.executable, "-c", _KILLER, str(self.program), step, "told" if told else "untold"]
        argv += ["--home", str(self.root), *args]
        return subprocess.run(argv, env=self.env, capture_output=True, timeout=300, check=False).returncode

    def filled_after(self, step: str, *args: str) -> dict[str, Any]:
        """One verb whose disk is full from the end of a step on; its answer."""
        return self._answer(["-c", _FILLER, str(self.program), step, "--home", str(self.root), *args], 300)

    def deploy(self, image: str, *options: str, run: str, modules: str = "") -> dict[str, Any]:
        """Plan with options and carry out; the last answer."""
        extra = [f"--modules={modules}"] if modules else []
        planned = self.host("plan", "--who=test", f"--run={run}", f"--image={image}", *extra, *options)
        return planned if "error" in planned else self.host("apply", "--here", f"--run={run}")

    def status(self) -> dict[str, Any]:
        return self.host("status")

    @property
    def colour(self) -> str:
        """The one that serves."""
        return str(self.status()["proxy"]["active"])

    def journal(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads((self.root / "state/journal.json").read_text())
        return data

    def get(self, path: str) -> str:
        """What a user sees: "200 body", "503 ..."."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http}{path}", timeout=45) as answer:
                return f"{answer.status} {answer.read().decode(errors='replace')[:200]}"
        except urllib.error.HTTPError as error:
            return f"{error.code} {error.read().decode(errors='replace')[:200]}"

    def sql(self, text: str, database: str = "postgres") -> list[str]:
        """Rows of a statement, as psql prints them."""
        argv = ["exec", "-T", "db", "psql", "-U", "postgres", "-d", database, "-Atc", text]
        return self.compose(*argv).splitlines()

    def compose(self, *args: str) -> str:
        base = ["compose", "--project-directory", str(self.root), "--env-file", str(self.root / ".env")]
        release = self.root / "state/release.env"
        base += ["--env-file", str(release)] if release.exists() else []
        every = ["--profile", "odoo", "--profile", "colours"]
        return self.docker.run(*base, "--file", str(self.root / "docker-compose.yml"), *every, *args)

    def down(self) -> None:
        """Remove the containers, networks and volumes of this installation, and nothing else."""
        self.compose("down", "--volumes", "--timeout", "3", "--remove-orphans")

    def _answer(self, argv: list[str], timeout: float) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, *argv], env=self.env, capture_output=True, text=True, timeout=timeout, check=False
        )
        assert done.stdout.strip(), f"no answer from {argv}: {done.stderr[-2000:]}"
        answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        return answer
