"""The options, services and variables of the commands in documents exist, also of those that cannot be run here."""

import argparse
import contextlib
import importlib
import io
import os
import re
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from airflow.cli.cli_config import ActionCommand, GroupCommand
from airflow.configuration import conf

from dev.stack.machine import debian
from ofitec.package.command_line import get_commands
from tests.docs.blocks import DOCUMENTS, ROOT, Code, all_commands
from tests.docs.running import SERVICES

MAKEFILE = (ROOT / "Makefile").read_text()
HOST = importlib.import_module("ofitec.deploy.host.cli")._parser
TERMINAL = importlib.import_module("ofitec.deploy.__main__")._parser
# how the documents call the host's program
HOST_CALLS = re.compile(
    r"^(?:PYTHONPATH=\S+ )?(?:h|python3 (?:-m ofitec\.deploy\.host|state/bin/ofitec-host-\*\.pyz)) "
)
# what stands for a word of the reader's, where a program looks at it
WORDS = {"SERVICE": "db", "REPOSITORY": "r", "COMMAND": "true"}
# options that are named alone, of programs that are not ours
FOREIGN = {"--append-only": "restic's rest-server"}
COMMANDS = all_commands()


def calls(pattern: str) -> list[Code]:
    """The commands that begin so."""
    return [command for command in COMMANDS if re.match(pattern, command.text)]


def parses(parser: argparse.ArgumentParser, argv: list[str]) -> str:
    """What a parser has against a command line: its own words, or nothing."""
    with contextlib.redirect_stderr(io.StringIO()) as stderr:
        try:
            parser.parse_args(argv)
        except SystemExit:
            return stderr.getvalue().strip()
    return ""


def verbs(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The verbs of a program, each with its own parser."""
    [chosen] = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return dict(chosen.choices)


def options(parser: argparse.ArgumentParser) -> set[str]:
    own = {option for action in parser._actions for option in action.option_strings}
    nested = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return own.union(*(options(verb) for action in nested for verb in action.choices.values()))


def host_calls() -> Iterator[tuple[Code, list[str]]]:
    """Every call of the host's program with its arguments; in sentences the verb stands alone."""
    known = verbs(HOST())
    for command in COMMANDS:
        if begun := HOST_CALLS.match(command.text):
            argv = command.text[begun.end() :].split("#")[0].split()
            yield command, argv if set(argv) & known.keys() else [*argv, "status"]
        elif " -" in command.text and command.text.split()[0] in known:
            yield command, command.text.split()


def test_the_hosts_program_takes_its_verbs_and_options() -> None:
    found = list(host_calls())
    assert len(found) > 12
    wrong = [
        f"{command}: {command.text}: {complaint}" for command, argv in found if (complaint := parses(HOST(), argv))
    ]
    assert not wrong, "\n".join(wrong)


def test_airflow_ofitec_takes_its_verbs_and_options() -> None:
    [group] = get_commands()
    assert isinstance(group, GroupCommand)
    known = {command.name: command for command in group.subcommands if isinstance(command, ActionCommand)}
    found = calls("airflow ofitec ")
    assert found
    for command in found:
        verb, *rest = command.words[2:]
        assert verb in known, f"{command}: {command.text}"
        takes_value = {flag: arg.kwargs.get("action") is None for arg in known[verb].args for flag in arg.flags}
        values = {word for before, word in pairwise(rest) if takes_value.get(before)}
        assert set(rest) - values <= takes_value.keys(), f"{command}: {command.text}"


def test_make_takes_its_variables() -> None:
    read = set(re.findall(r"\$\((?:if \$\()?([A-Z]+)\b", MAKEFILE))
    for command in calls("make "):
        target = command.words[1]
        given = dict(word.split("=", 1) for word in command.words[2:])
        assert given.keys() <= read, f"{command}: {command.text}"
        arguments = given.get("ARGS", "").split()
        if target in ("deploy", "rollback"):
            complaint = parses(TERMINAL(), [target, *(["--image", "x"] if target == "deploy" else []), *arguments])
            assert not complaint, f"{command}: {command.text}: {complaint}"
        if target == "bench":
            assert set(arguments) <= importlib.import_module("tests.bench.__main__").BENCHES.keys(), command
        if target == "test":
            for path in (word for word in arguments if word.startswith("tests/")):
                assert (ROOT / path).exists(), f"{command}: {command.text}"


def test_an_option_that_is_named_alone_is_one_of_ours() -> None:
    ours = options(HOST()) | options(TERMINAL()) | FOREIGN.keys()
    alone = [command for command in COMMANDS if re.fullmatch(r"--[a-z][\w-]*(?:=\S*)?", command.text)]
    assert alone
    assert [str(command) for command in alone if command.text.split("=")[0] not in ours] == []


@pytest.fixture(scope="module")
def compose() -> Path:
    return next((debian.unpacked("docker-compose") / "usr").rglob("cli-plugins/docker-compose"))


def test_docker_compose_takes_its_words_and_services(compose: Path) -> None:
    """It reads its arguments and docker-compose.yml, and gets as far as the engine, which nobody has here."""
    env = {"PATH": os.environ["PATH"], "COMPOSE_DISABLE_ENV_FILE": "1", "DOCKER_HOST": "unix:///nowhere"}
    # words without services and figures: the first command that has them, and the services of all that do
    asked: dict[tuple[str, ...], tuple[Code, set[str]]] = {}
    wrong = []
    for command in calls("docker compose [a-z-]"):
        words = [WORDS.get(word, re.sub(r"^\d+$", "9", word)) for word in command.words[2:]]
        if words[0] == "exec":  # it asks the engine for the service
            service = next(word for word in words[1:] if not word.startswith("-") and "=" not in word)
            wrong += [] if service in SERVICES else [f"{command}: no service {service}"]
        else:
            shape = tuple(word for word in words if word not in SERVICES)
            asked.setdefault(shape, (command, set()))[1].update(SERVICES & set(words))
    assert asked
    for shape, (command, services) in asked.items():
        argv = [*shape, *sorted(services)]
        done = subprocess.run([str(compose), *argv], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        if "Cannot connect to the Docker daemon" not in done.stderr:
            wrong.append(f"{command}: docker compose {' '.join(argv)}: {done.stderr.strip()}")
    assert not wrong, "\n".join(wrong)


def test_restic_takes_its_verbs_and_options() -> None:
    """Each of its commands, also those in sentences."""
    wrong = []
    for command in calls(r"(?:\w+=\S+ )?restic [a-z]"):
        words = [word for word in command.words if "=" not in word or word.startswith("-")]
        verb = [word for word in words[1:3] if re.fullmatch(r"[a-z]+", word)]
        shown = subprocess.run([debian.restic(), *verb, "--help"], capture_output=True, text=True, check=False).stdout
        lacking = [word for word in words if word.startswith("--") and word not in re.findall(r"--[\w-]+", shown)]
        if f"restic {verb[0]}" not in shown or lacking:
            wrong.append(f"{command}: {command.text} {lacking}")
    assert not wrong, "\n".join(wrong)


def test_airflows_own_settings_exist() -> None:
    known = {
        f"AIRFLOW__{section.upper()}__{name.upper()}"
        for section, described in conf.configuration_description.items()
        for name in described["options"]
    }
    text = {document: document.read_text() for document in DOCUMENTS}
    named = {(d.name, word) for d in text for word in re.findall(r"\bAIRFLOW__[A-Z_]+[A-Z]\b", text[d])}
    assert named
    assert {(where, word) for where, word in named if word.removesuffix("_CMD") not in known} == set()
