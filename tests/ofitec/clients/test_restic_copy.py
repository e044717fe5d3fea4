"""How one restic reaches two repositories, each by its own password and keys, and none of them by an argument."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from ofitec.clients import restic_copy
from ofitec.clients.restic import Restic
from ofitec.clients.restic_progress import CopyProgress
from ofitec.errors import InputError

ONE, TWO = "una-clave/larga", "otra-clave&larga"
S3_ONE = {"AWS_ACCESS_KEY_ID": "AKIAUNO", "AWS_SECRET_ACCESS_KEY": "secreto-uno", "AWS_DEFAULT_REGION": "sa-east-1"}
S3_TWO = {"AWS_ACCESS_KEY_ID": "AKIADOS", "AWS_SECRET_ACCESS_KEY": "secreto-dos"}
REST_ONE = {"RESTIC_REST_USERNAME": "uno", "RESTIC_REST_PASSWORD": "clave/uno"}
REST_TWO = {"RESTIC_REST_USERNAME": "dos", "RESTIC_REST_PASSWORD": "clave/dos"}
TOLD = f"""#!{sys.executable}
import json, os, sys
with open({{file!r}}, "w") as told:
    json.dump({{{{"argv": sys.argv[1:], "env": dict(os.environ)}}}}, told)
"""


@pytest.fixture
def told(tmp_path: Path) -> Path:
    """A program in restic's place, which writes down how it was called, and where it does."""
    program = tmp_path / "restic"
    program.write_text(TOLD.format(file=str(tmp_path / "told.json")))
    program.chmod(0o755)
    return program


def called(told: Path, first: Restic, second: Restic) -> dict[str, Any]:
    restic_copy.copy(second, first, ["a" * 64, "b" * 64], "copy")
    found: dict[str, Any] = json.loads((told.parent / "told.json").read_text())
    secrets = [*first.secrets.values(), *second.secrets.values()]
    assert not [word for word in found["argv"] if any(secret in word for secret in secrets)]
    assert "--no-lock" in found["argv"]
    env: dict[str, str] = found["env"]
    assert (env["RESTIC_REPOSITORY"], env["RESTIC_PASSWORD"]) == (second.repository, TWO)
    assert env["RESTIC_FROM_PASSWORD"] == ONE
    return env


def at(told: Path, repository: str, password: str, **keys: str) -> Restic:
    return Restic(repository, {"RESTIC_PASSWORD": password, **keys}, binary=str(told))


def test_a_folder_and_a_storage_each_keep_theirs(told: Path) -> None:
    env = called(told, at(told, "/backups", ONE), at(told, "s3:https://s3.example/b", TWO, **S3_TWO))
    assert env["RESTIC_FROM_REPOSITORY"] == "/backups"
    assert env["AWS_ACCESS_KEY_ID"] == "AKIADOS"
    env = called(told, at(told, "s3:https://s3.example/b", ONE, **S3_ONE), at(told, "/backups", TWO))
    assert env["AWS_ACCESS_KEY_ID"] == "AKIAUNO"


def test_a_password_file_is_named_as_the_sources(told: Path, tmp_path: Path) -> None:
    first = Restic("/one", env={"RESTIC_PASSWORD_FILE": "/run/one"}, binary=str(told))
    restic_copy.copy(at(told, "/two", TWO), first, ["a" * 64], "copy")
    env = json.loads((tmp_path / "told.json").read_text())["env"]
    assert env["RESTIC_FROM_PASSWORD_FILE"] == "/run/one"
    assert "RESTIC_PASSWORD_FILE" not in env


def test_two_accounts_of_rest_servers(told: Path) -> None:
    first, second = at(told, "rest:https://a.example/", ONE, **REST_ONE), at(told, "rest:https://b/", TWO, **REST_TWO)
    env = called(told, first, second)
    assert env["RESTIC_FROM_REPOSITORY"] == "rest:https://uno:clave%2Funo@a.example/"
    assert env["RESTIC_REST_USERNAME"] == "dos"


@pytest.mark.parametrize(
    ("address", "endpoint", "provider"),
    [
        ("s3:https://s3.example:9000/bucket/odoo/", "https://s3.example:9000", "Other"),
        ("s3:s3.amazonaws.com/bucket/odoo", "https://s3.amazonaws.com", "AWS"),
        ("s3:http://127.0.0.1:5000/bucket/odoo", "http://127.0.0.1:5000", "Other"),
    ],
)
def test_two_pairs_of_s3_keys_go_two_ways(
    told: Path, monkeypatch: pytest.MonkeyPatch, address: str, endpoint: str, provider: str
) -> None:
    told.with_name("rclone").symlink_to(told)
    monkeypatch.setenv("PATH", f"{told.parent}:{os.environ['PATH']}")
    env = called(told, at(told, address, ONE, **S3_ONE), at(told, "s3:https://s3.other/b", TWO, **S3_TWO))
    assert env["RESTIC_FROM_REPOSITORY"] == "rclone:ofitecfrom:bucket/odoo"
    remote = {name.removeprefix("RCLONE_CONFIG_OFITECFROM_"): value for name, value in env.items() if "FROM_" in name}
    assert (remote["ENDPOINT"], remote["PROVIDER"], remote["REGION"]) == (endpoint, provider, "sa-east-1")
    assert (remote["ACCESS_KEY_ID"], remote["SECRET_ACCESS_KEY"]) == ("AKIAUNO", "secreto-uno")
    assert (env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"]) == ("AKIADOS", "secreto-dos")
    assert "AWS_DEFAULT_REGION" not in env


def test_one_pair_for_both_goes_one_way(told: Path) -> None:
    env = called(told, at(told, "s3:https://s3/a", ONE, **S3_ONE), at(told, "s3:https://s3/b", TWO, **S3_ONE))
    assert env["RESTIC_FROM_REPOSITORY"] == "s3:https://s3/a"
    assert env["AWS_ACCESS_KEY_ID"] == "AKIAUNO"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("azure:a:/", {"AZURE_ACCOUNT_NAME": "a", "AZURE_ACCOUNT_KEY": "llave-a"}),
         ("azure:b:/", {"AZURE_ACCOUNT_NAME": "b", "AZURE_ACCOUNT_KEY": "llave-b"})),
        # the target's keys would be sent to the source's server
        (("s3:https://a/a", {}), ("s3:https://b/b", S3_TWO)),
        (("rest:https://a/", {}), ("rest:https://b/", REST_TWO)),
    ],
)  # fmt: skip
def test_what_one_restic_cannot_reach_is_refused_without_a_secret(
    told: Path, first: tuple[str, dict[str, str]], second: tuple[str, dict[str, str]]
) -> None:
    with pytest.raises(InputError, match="need different values of the same variables") as refused:
        restic_copy.require_reachable(at(told, second[0], TWO, **second[1]), at(told, first[0], ONE, **first[1]))
    for secret in (*first[1].values(), *second[1].values()):
        if len(secret) > 1:
            assert secret not in str(refused.value)


def test_only_another_figure_is_progress() -> None:
    progress = CopyProgress("copy")
    lines = ["[0:00] 10.00%  1 / 10 packs copied", "[0:05] 10.00%  1 / 10 packs copied",
             "[0:06] 20.00%  2 / 10 packs copied", ""]  # fmt: skip
    assert [progress.take(line) for line in lines] == [True, False, True, False]
