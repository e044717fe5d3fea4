"""Commands of the documents, run where the tests' stack stands in for an installation by docker compose.

`docker compose exec SERVICE ...` runs the rest in that service's environment, `docker compose logs SERVICE` prints that
program's own log; all else is the shell's. What differs is only where things are: ports, databases, ids (`here`).
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml

from tests.docs.blocks import DOCUMENTS, ROOT, Code, blocks, commands

CLI = Path(__file__).with_name("airflow_cli.py")
MONITORING = frozenset(yaml.safe_load((ROOT / "include/monitoring/compose.yml").read_text())["services"])
SERVICES = MONITORING | frozenset(yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"])


def runs(block: Code, *, watch: bool = False) -> list[Code]:
    """The commands of a shell block that run here; with `watch` those about services that watch, which tests/monitoring
    starts, without it the others.
    """
    if block.language != "sh" or block.not_run or block.run_by:
        return []
    return [command for command in commands(block) if bool(MONITORING & set(command.words)) == watch]


def documents(*, watch: bool = False) -> list[Path]:
    """The documents that hold such commands."""
    return [document for document in DOCUMENTS if any(runs(block, watch=watch) for block in blocks(document))]


@dataclass(frozen=True)
class Answer:
    """What a program answered."""

    status: int
    out: str
    err: str


class AirflowCli:
    """`airflow ...` in one environment."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(CLI)], env=dict(env), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, argv: Sequence[str], env: Mapping[str, str]) -> Answer:
        """One command; `env` is added for it alone."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({"argv": list(argv), "env": dict(env)}) + "\n")
        self._process.stdin.flush()
        return Answer(*json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


@dataclass
class Installation:
    """Where commands run: a folder to stand in, the services' environments and logs, and what is elsewhere here."""

    folder: Path
    env: Mapping[str, str]
    services: Mapping[str, Mapping[str, str]]
    logs: Mapping[str, Path]
    here: Mapping[str, str]  # words of the documents: what stands for them
    airflow: AirflowCli | None = None
    _known: dict[str, Answer] = field(default_factory=dict)

    def run(self, command: Code) -> Answer:
        """What a command says; the same command is run once."""
        text = self.translated(command.text)
        if text not in self._known:
            self._known[text] = self._run(replace(command, text=text))
        return self._known[text]

    def translated(self, text: str) -> str:
        """The text with what stands here for its words: whole words only, each place once."""
        words = "|".join(map(re.escape, self.here))
        return re.sub(rf"(?<!\w)(?:{words})(?!\w)", lambda found: self.here[found.group()], text)

    def _run(self, command: Code) -> Answer:
        match command.words:
            case ["docker", "compose", "exec", *words]:
                answer = self._exec(words)
            case ["docker", "compose", "logs", *words]:
                answer = self._log(words)
            case _:
                return self._shell(command.text)
        return self._shell(f"cat {command.rest}", answer.out) if command.rest and not answer.status else answer

    def _exec(self, words: Sequence[str]) -> Answer:
        parser = argparse.ArgumentParser(prog="docker compose exec", add_help=False)
        parser.add_argument("-e", "--env", action="append", default=[])
        parser.add_argument("service")
        parser.add_argument("argv", nargs=argparse.REMAINDER)
        asked = parser.parse_args(words)
        added = dict(pair.split("=", 1) for pair in asked.env)
        if asked.argv[0] == "airflow" and self.airflow:
            return self.airflow.run(asked.argv[1:], added)
        return self._program(asked.argv, {**self.services[asked.service], **added})

    def _log(self, words: Sequence[str]) -> Answer:
        parser = argparse.ArgumentParser(prog="docker compose logs", add_help=False)
        parser.add_argument("--tail", type=int, default=5000)
        parser.add_argument("--since")
        parser.add_argument("services", nargs="+")
        asked = parser.parse_args(words)
        lines = [
            f"{service}-1  | {line}\n"
            for service in asked.services
            for line in self.logs[service].read_text(errors="replace").splitlines()[-asked.tail :]
        ]
        return Answer(0, "".join(lines), "")

    def _shell(self, text: str, given: str = "") -> Answer:
        return self._program(["bash", "-c", text], self.env, given)

    def _program(self, argv: Sequence[str], env: Mapping[str, str], given: str = "") -> Answer:
        done = subprocess.run(
            argv, env=dict(env), cwd=self.folder, input=given, capture_output=True, text=True, timeout=120, check=False
        )
        return Answer(done.returncode, done.stdout, done.stderr)


def faults(installation: Installation, document: Path, *, watch: bool = False) -> list[str]:
    """What is wrong with a document's commands: how one ended, or that what is promised below it is not said.

    What a log holds depends on what happened before: no promise is held to it.
    """
    found = []
    for block in blocks(document):
        promised = installation.translated(block.promised)
        for command in runs(block, watch=watch):
            answer = installation.run(command)
            # grep that finds nothing is an answer
            quiet = answer.status == 1 and not answer.err and "grep" in (command.words[0], *command.rest.split())
            if answer.status and not quiet:
                found.append(
                    f"{command}: {command.text}\n  ended with {answer.status}: {(answer.err or answer.out).strip()}"
                )
            elif "logs" not in command.words[:3] and not _holds(answer.out + answer.err, promised):
                found.append(f"{command}: {command.text}\n  promises {promised}, said: {answer.out.strip()}")
    return found


def _holds(out: str, promised: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in promised.split("..."))
    return re.search(pattern, " ".join(out.split())) is not None
