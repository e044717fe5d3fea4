"""docker-compose.yml: valid for every profile, nothing mutable, no secret or default password in it."""

import itertools
import json
import re
import subprocess
from pathlib import Path

import pytest

from ofitec.deploy.host import first_start
from ofitec.deploy.host.home import Home
from stack.docker_engine import Docker
from stack.paths import ROOT

PROFILES = ("odoo", "airflow", "celery", "colours")


@pytest.mark.parametrize(
    "profiles", [c for n in range(len(PROFILES) + 1) for c in itertools.combinations(PROFILES, n)], ids="+".join
)
def test_every_profile_is_valid(docker: Docker, profiles: tuple[str, ...]) -> None:
    chosen = [part for name in profiles for part in ("--profile", name)]
    docker.run("compose", "--project-directory", str(ROOT), *chosen, "config", "--quiet")


def test_behind_traefik_too(docker: Docker) -> None:
    files = [
        part for name in ("docker-compose.yml", "docker-compose.traefik.yml") for part in ("--file", str(ROOT / name))
    ]
    shown = docker.run("compose", *files, "--profile", "odoo", "config", "--format", "json")
    proxy = json.loads(shown)["services"]["proxy"]
    assert set(proxy["networks"]) == {"ofitec", "traefik"}
    assert proxy["labels"]["traefik.http.services.ofitec-odoo.loadbalancer.server.port"] == "8069"


def test_foreign_images_come_by_digest_and_a_bare_up_starts_no_colour() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for image in re.findall(r"image: \$\{\w+:-([^}]+)\}", text):
        assert "@sha256:" in image or image in ("ofitec-odoo:none", "ofitec-airflow:local"), image
    colours = re.findall(r"^x-odoo: &odoo\n  profiles: \[colours\]", text, re.MULTILINE)
    assert len(colours) == 1


def test_secrets_are_made_once_for_their_owner_alone_and_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "docker-compose.yml").touch()
    made = first_start.secrets_set(Home.open(tmp_path))["made"]
    named = set(re.findall(r"file: \./secrets/(\S+)\}", (ROOT / "docker-compose.yml").read_text()))
    assert named <= set(made)
    before = {path.name: path.read_bytes() for path in (tmp_path / "secrets").iterdir()}
    assert {(tmp_path / "secrets" / name).stat().st_mode & 0o777 for name in before} == {0o600}
    assert len(set(before.values())) == len(before)
    assert first_start.secrets_set(Home.open(tmp_path))["made"] == []
    assert {path.name: path.read_bytes() for path in (tmp_path / "secrets").iterdir()} == before


def test_a_scram_verifier_is_what_postgresql_itself_would_make(docker: Docker) -> None:
    """RFC 7677's form; PostgreSQL takes a password for a verifier only if it is in this form."""
    assert re.fullmatch(r"SCRAM-SHA-256\$4096:[\w+/=]{24}\$[\w+/=]{44}:[\w+/=]{44}", first_start.scram("x"))


def test_the_digests_of_bases_can_be_renewed_from_a_registry(
    docker: Docker, tiny: dict[str, str], tmp_path: Path
) -> None:
    repository, digest = tiny["one"].split("@")
    file = tmp_path / "bases.env"
    file.write_text(f"# kept\nTINY={repository}:one\n")
    script = ROOT / "include/images/lock.sh"
    env = {**docker.env, "HOME": str(tmp_path), "PATH": docker.env["PATH"]}
    subprocess.run(["sh", str(script), str(file)], check=True, env=env)
    assert file.read_text() == f"# kept\nTINY={repository}:one@{digest}\n"
