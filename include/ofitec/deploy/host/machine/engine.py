"""docker and docker compose on this host."""

import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ofitec.deploy.host.machine import programs
from ofitec.deploy.host.machine.programs import Output, ProgramFailed
from ofitec.deploy.host.record.home import Home, parse_env
from ofitec.errors import InputError, PermanentError
from ofitec.whole_file import write_whole

_DIGEST = re.compile(r"^(?P<repo>[\w.\-:/]+)@(?P<digest>sha256:[0-9a-f]{64})$")
_PROFILES = ("--profile", "odoo", "--profile", "colours")
_SHORT, _LONG = 60.0, 1800.0  # seconds
_CONFINED = (
    *("--network", "none", "--read-only", "--cap-drop", "ALL"),
    *("--security-opt", "no-new-privileges", "--memory", "512m", "--pids-limit", "64", "--cpus", "1"),
)
_GONE = re.compile("No such container|is not running")
_SETTLED = 30.0  # seconds after which a restarted container is no longer in a loop of restarts


class Engine:
    """The containers of one installation."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._containers: dict[str, str] = {}  # service to its id

    # images -------------------------------------------------------------------------------------------------

    def pull(self, reference: str) -> str:
        """Fetch an image and return it as repository@sha256:..., whatever it was called.

        :raises PermanentError: if the registry has no such image, with the registry's own words
        """
        try:
            self._docker("pull", "--quiet", reference, what=f"docker pull {reference}", timeout=_LONG)
        except ProgramFailed as error:
            raise PermanentError(
                f"Image {reference} cannot be pulled: {error.last}. Nothing was changed; check the digest or tag, and "
                "that this host is logged in to the registry with a read-only token."
            ) from None
        found = json.loads(self._docker("image", "inspect", reference, what="docker image inspect").stdout)[0]
        named = [digest for digest in found["RepoDigests"] if _DIGEST.match(digest)]
        wanted = repository_of(reference)
        exact = [digest for digest in named if digest.split("@")[0] == wanted]
        if reference in exact:
            return reference
        if not exact:
            raise PermanentError(f"Image {reference} has no digest in its registry. Push it, then deploy it by digest.")
        return str(exact[0])

    def label(self, image: str, name: str) -> str:
        """The value of an image's label; "" if it has none."""
        found = json.loads(self._docker("image", "inspect", image, what="docker image inspect").stdout)[0]
        return str((found["Config"].get("Labels") or {}).get(name, ""))

    def images(self) -> dict[str, str]:
        """The image of each service, and the workers of each colour, as state/release.env has them."""
        file = self.home.state / "release.env"
        return parse_env(file.read_text()) if file.exists() else {}

    def set_image(self, service: str, image: str) -> None:
        """Say which image a service (odoo-blue, odoo-green, odoo-cron) runs at its next start."""
        self._release({_variable(service, "IMAGE"): image})

    def chosen_workers(self, service: str) -> int:
        """How many processes a colour gets at its next start; 0 if nobody chose a number: as many as .env says."""
        return int(self.images().get(_variable(service, "WORKERS"), 0))

    def choose_workers(self, service: str, number: int) -> None:
        """Say how many processes a colour gets at its next start; 0 for as many as .env says."""
        self._release({_variable(service, "WORKERS"): str(number) if number else ""})

    def workers(self, service: str) -> int:
        """How many processes a running colour was started with.

        :raises PermanentError: if it has no container, or one that this package did not start
        """
        found = self.state(service)
        detail = json.loads(self._docker("inspect", found["ID"], what="docker inspect").stdout)[0] if found else {}
        words = [word for word in detail.get("Args", []) if word.startswith("--workers=")]
        if not words:
            raise PermanentError(f"{service} was not started with a number of workers by this installation.")
        return int(words[-1].removeprefix("--workers="))

    def _release(self, changed: dict[str, str]) -> None:
        """Change lines of state/release.env; an empty value takes its line out."""
        before = self.images()
        known = {name: value for name, value in (before | changed).items() if value}
        if known == before:
            return
        text = "".join(f"{name}={value}\n" for name, value in sorted(known.items()))
        write_whole(self.home.state / "release.env", text, mode=0o644)

    # services -----------------------------------------------------------------------------------------------

    def start(self, service: str, **env: str) -> None:
        """Start one service, and nothing else."""
        found = self.state(service)
        if found is not None and found["State"] == "restarting":
            self.remove(service)  # else docker waits longer and longer before it tries again
        self.compose(
            "up", "--detach", "--no-deps", "--no-build", "--pull", "never", service, what=f"start of {service}", env=env
        )

    def stop(self, *services: str) -> None:
        """Stop services within their grace period and keep their containers; fine if they are not there."""
        self.compose("stop", *services, what=f"stop of {', '.join(services)}", timeout=_LONG)

    def remove(self, service: str) -> None:
        """Stop and remove the container of a service; fine if there is none."""
        self.compose("rm", "--force", "--stop", service, what=f"removal of {service}", timeout=_LONG)

    def state(self, service: str) -> dict[str, Any] | None:
        """{State, ExitCode, ...} of a service's container as compose tells it, or None if there is none."""
        out = self.compose("ps", "--all", "--format", "json", service, what=f"state of {service}").stdout.strip()
        if not out:
            return None
        found = json.loads(out.splitlines()[0])
        first: dict[str, Any] | None = (found[0] if found else None) if isinstance(found, list) else found
        return first

    def crashed(self, service: str) -> str:
        """Why a service that was started just now is no good, with its last words: it ended, or had to be restarted.

        "" while it runs as it was started.
        """
        return self._fault(service, lambda detail: detail["RestartCount"] > 0)

    def down(self, service: str) -> str:
        """Why a service that has served for long does not serve now, with its last words; "" if it runs.

        A restart in the past says nothing of the present, only one a moment ago does: it may be the next of many.
        """
        return self._fault(service, lambda detail: detail["RestartCount"] > 0 and _age(detail) < _SETTLED)

    def _fault(self, service: str, unsteady: Callable[[dict[str, Any]], bool]) -> str:
        found = self.state(service)
        if found is None:
            return f"{service} has no container"
        detail = json.loads(self._docker("inspect", found["ID"], what="docker inspect").stdout)[0]
        state, restarts = detail["State"], detail["RestartCount"]
        if state["Status"] == "running" and not unsteady(detail):
            return ""
        if state["Status"] == "running":
            what = f"was restarted {_age(detail):.0f} s ago, {restarts} times so far"
        else:
            what = f"ended with status {state['ExitCode']} after {restarts} restarts"
        return f"{service} {what}. Its last words: {self.last_words(service)}"

    def last_words(self, service: str) -> str:
        """The end of a service's log, on one line."""
        out = self.compose("logs", "--no-color", "--no-log-prefix", "--tail", "8", service, what="logs")
        return " | ".join(line.strip() for line in (out.stdout + out.stderr).splitlines() if line.strip())[-600:]

    # programs inside ----------------------------------------------------------------------------------------

    def execute(self, service: str, argv: Sequence[str], *, what: str, stdin: str = "", timeout: float = _LONG) -> str:
        """Run a program inside a running service's container; returns its standard output.

        By docker itself: compose reads its files anew each time, and a window asks some twenty times.
        """
        for _ in range(2):
            if service not in self._containers:
                self._containers[service] = self._running(service)
            try:
                argv_there = ("exec", "-i", self._containers[service], *argv)
                return self._docker(*argv_there, what=what, stdin=stdin, timeout=timeout).stdout
            except ProgramFailed as error:
                if not _GONE.search(error.last) or self._containers.pop(service) == self._running(service):
                    raise
        raise ProgramFailed(what, 1, f"{service} is started anew all the time")

    def _running(self, service: str) -> str:
        """The id of a service's container."""
        found = self.state(service)
        if found is None or found["State"] != "running":
            raise ProgramFailed(service, 1, "it does not run")
        return str(found["ID"])

    def task(
        self,
        image: str,
        argv: Sequence[str],
        *,
        run: str,
        what: str,
        stdin: str = "",
        timeout: float = _LONG,
        log: Path | None = None,
    ) -> str:
        """Run a program in a new container of an Odoo image, with Odoo's database and files at hand."""
        name = self.task_name(run)
        self.end_task(run)
        return self.compose(
            "run", "--rm", "--no-deps", "-T", "--name", name, "odoo-task", *argv,
            what=what, stdin=stdin, timeout=timeout, env={"ODOO_TASK_IMAGE": image}, log=log,
        ).stdout  # fmt: skip

    def end_task(self, run: str) -> None:
        """Remove the container of a run's task, which outlives a killed client; fine if there is none."""
        listed = self._docker(
            "ps", "--all", "--quiet", "--filter", f"name=^/{self.task_name(run)}$", what="docker ps"
        ).stdout.split()
        if listed:
            self._docker("rm", "--force", *listed, what="end of a task")

    def task_name(self, run: str) -> str:
        return f"{self.home.settings.get('COMPOSE_PROJECT_NAME', 'ofitec')}-task-{run}"

    def probe(self, image: str, program: str, stdin: str, *, timeout: float = 300) -> str:
        """Run a Python program in an image that nobody has approved yet: it gets no network, no file of ours, no
        right, nothing to write to, and little room."""
        argv = ("run", "--rm", "-i", *_CONFINED, "--entrypoint", "python3", image, "-c", program)
        return self._docker(*argv, what=f"reading of {image}", stdin=stdin, timeout=timeout).stdout

    def remove_image(self, image: str, label: str) -> bool:
        """Remove an image of ours; False if it is not here, has not our label, or a container still uses it."""
        name, value = label.split("=")
        try:
            if self.label(image, name) != value:
                return False
            self._docker("image", "rm", image, what=f"removal of {image}")
        except ProgramFailed:
            return False
        return True

    def compose(
        self,
        *args: str,
        what: str,
        timeout: float = 300,
        stdin: str = "",
        env: dict[str, str] | None = None,
        log: Path | None = None,
    ) -> Output:
        """Run docker compose on the installation."""
        files = [self.home.root / ".env", self.home.state / "release.env"]
        argv = ["docker", "compose", "--progress", "plain", "--project-directory", str(self.home.root)]
        for file in files:
            argv += ["--env-file", str(file)] if file.exists() else []
        argv += [*_PROFILES, *args]  # its files: docker-compose.yml, or COMPOSE_FILE of .env
        return programs.run(argv, what=what, timeout=timeout, stdin=stdin, env=env, cwd=self.home.root, log=log)

    def _docker(self, *args: str, what: str, stdin: str = "", timeout: float = _SHORT) -> Output:
        return programs.run(["docker", *args], what=what, timeout=timeout, stdin=stdin)


def check_reference(reference: str) -> str:
    """The reference, if it can name an image.

    :raises InputError: if it cannot, or is the moving `latest`
    """
    if not re.fullmatch(r"[a-z0-9][\w.\-:/]*(@sha256:[0-9a-f]{64})?", reference):
        raise InputError(f"{reference!r} is no image reference (repository@sha256:... or repository:tag).")
    if "@" not in reference and (":" not in reference.rpartition("/")[2] or reference.endswith(":latest")):
        raise InputError(f"{reference} may mean another image tomorrow. Name a digest, or a tag of a build.")
    return reference


def repository_of(reference: str) -> str:
    """registry:5000/a/b:tag or ...@sha256:x gives registry:5000/a/b."""
    name = reference.split("@", 1)[0]
    folder, slash, last = name.rpartition("/")
    return folder + slash + last.split(":")[0]


def _age(detail: dict[str, Any]) -> float:
    """Seconds since a container was started last; docker gives nanoseconds, of which Python reads six digits."""
    started = re.sub(r"(\.\d{6})\d*", r"\1", detail["State"]["StartedAt"])
    return (datetime.now(UTC) - datetime.fromisoformat(started)).total_seconds()


def _variable(service: str, what: str) -> str:
    return f"{service.upper().replace('-', '_')}_{what}"
