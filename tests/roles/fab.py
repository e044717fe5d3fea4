"""A whole stack whose Airflow has accounts: FAB's auth manager, our roles, and tokens signed with a key of its own."""

import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from dev.stack.local_stack import LocalStack
from dev.stack.machine.paths import Place
from dev.stack.services.airflow_api import AirflowApi
from ofitec.whole_file import write_whole

FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
# account: its roles; ana may both trigger and approve
ACCOUNTS = {
    "fida": ("fiscal",),
    "otto": ("ops",),
    "pedro": ("approver",),
    "vera": ("viewer",),
    "ana": ("ops", "approver"),
}


@dataclass
class Account:
    """Somebody who is logged in."""

    url: str
    name: str
    password: str

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.url, timeout=60)
        token = self.http.post("/auth/token", json={"username": self.name, "password": self.password})
        assert token.status_code == 201, token.text
        self.token = token.json()["access_token"]
        self.http.headers["Authorization"] = f"Bearer {self.token}"

    def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        """`path` from the root: /api/v2/..."""
        return self.http.request(method, path, **request)


@dataclass
class Fab:
    """The running stack; `admin` is Airflow's administrator."""

    stack: LocalStack
    admin: AirflowApi
    accounts: dict[str, Account]

    def command(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """`airflow ofitec roles` with these options, as a process of its own."""
        return _ofitec(self.stack, "roles", *argv)


@contextmanager
def running(name: str, **settings: str) -> Iterator[Fab]:
    """Started, with roles and accounts made; ended at the end of the block.

    :param name: the place
    :param settings: more settings of Airflow and ours
    """
    place = Place(name)
    place.make()
    key = place.dir / "jwt-key.pem"
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_whole(key, pem.decode())
    chosen = {
        "AIRFLOW__CORE__AUTH_MANAGER": FAB,
        "AIRFLOW__API_AUTH__JWT_PRIVATE_KEY_PATH": str(key),
        "AIRFLOW__API_AUTH__JWT_SECRET": "",
        # what is tried here is tried by an account at once after another
        "AIRFLOW__FAB__CACHE_TTL": "1",
        **settings,
    }
    # as in docker-compose.yml: who signs nothing has no key to sign with
    signing = ("AIRFLOW__API_AUTH__JWT_PRIVATE_KEY_PATH", "AIRFLOW__API__SECRET_KEY")
    stack = LocalStack(place, extra_settings=chosen, withheld=dict.fromkeys(("dag-processor", "triggerer"), signing))
    stack.processes.stop_all()  # what a killed session left behind
    try:
        airflow = stack.airflow
        # the password by standard input: an argument would be public
        person = ["--username=admin", "--role=Admin", "--firstname=a", "--lastname=b", "--email=admin@localhost"]
        create = [sys.executable, "-m", "airflow", "users", "create", *person]
        made = _run(stack, create, f"{airflow.password}\n{airflow.password}\n")
        assert made.returncode == 0, made.stderr
        done = _ofitec(stack, "roles")
        assert done.returncode == 0, done.stderr
        admin = Account(airflow.url, "admin", airflow.password)
        yield Fab(stack, airflow.api, {name: _made(admin, name, roles) for name, roles in ACCOUNTS.items()})
    finally:
        stack.down()


def _made(admin: Account, name: str, roles: tuple[str, ...]) -> Account:
    password = secrets.token_urlsafe(12)
    person = {"username": name, "email": f"{name}@localhost", "first_name": name, "last_name": name}
    body = {**person, "password": password, "roles": [{"name": role} for role in roles]}
    answer = admin.ask("POST", "/auth/fab/v1/users", json=body)
    assert answer.status_code in (200, 201), answer.text
    return Account(admin.url, name, password)


def _ofitec(stack: LocalStack, *argv: str) -> subprocess.CompletedProcess[str]:
    """A command of ours. The working copy is not installed: its command line is called where Airflow would find it."""
    called = (
        "import argparse, sys; from airflow.cli.cli_config import GroupCommand;"
        "from ofitec.package.command_line import get_commands; [group] = get_commands();"
        "[verb] = [each for each in group.subcommands if each.name == sys.argv[1]];"
        "parser = argparse.ArgumentParser(); [arg.add_to_parser(parser) for arg in verb.args];"
        "verb.func(parser.parse_args(sys.argv[2:]))"
    )
    return _run(stack, [sys.executable, "-c", called, *argv])


def _run(stack: LocalStack, argv: list[str], stdin: str = "") -> subprocess.CompletedProcess[str]:
    env = dict(stack.airflow.env)
    return subprocess.run(argv, env=env, input=stdin, capture_output=True, text=True, check=False, timeout=120)


def as_json(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """What a command with --json said last."""
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer
