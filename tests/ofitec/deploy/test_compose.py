"""docker-compose.yml: valid for every profile, nothing mutable, no secret or default password in it."""

import itertools
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dev.stack.machine.paths import ROOT
from dev.stack.services.docker_engine import Docker
from ofitec.settings import Settings
from tests.ofitec.deploy.compose import FILES, PROFILES, airflow_services, config, installation


def test_the_locked_celery_is_one_that_airflows_executor_loads() -> None:
    program = "from airflow.providers.celery.executors.celery_executor import CeleryExecutor"
    env = {"PATH": os.environ["PATH"], "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "profiles", [c for n in range(len(PROFILES) + 1) for c in itertools.combinations(PROFILES, n)], ids="+".join
)
def test_every_profile_is_valid(shown: Callable[..., str], profiles: tuple[str, ...]) -> None:
    shown(FILES[:1], profiles, "--quiet")


def test_behind_traefik_too(shown: Callable[..., str]) -> None:
    text = shown(("docker-compose.yml", "docker-compose.traefik.yml"), ("odoo",), "--format=json")
    proxy = json.loads(text)["services"]["proxy"]
    assert set(proxy["networks"]) == {"ofitec", "ofitec-ops", "traefik"}
    assert proxy["labels"]["traefik.http.services.ofitec-odoo.loadbalancer.server.port"] == "8069"


def test_odoo_shares_a_network_with_its_own_services_alone(shown: Callable[..., str]) -> None:
    """tests/ofitec/deploy/test_networks.py tries it."""
    config = json.loads(shown(FILES[:1], PROFILES, "--format=json"))
    networks = {name: set(one.get("networks") or ()) for name, one in config["services"].items()}
    odoo = {name for name in networks if name.startswith("odoo-") and name != "odoo-secrets"}
    assert len(odoo) == 5
    assert {name for name, its in networks.items() if "ofitec" in its} == {*odoo, "db", "proxy"}
    assert all(networks[name] == {"ofitec"} for name in odoo)


def test_no_container_has_more_rights_than_it_needs(shown: Callable[..., str]) -> None:
    services = json.loads(shown(FILES[:1], PROFILES, "--format=json"))["services"]
    for name, one in services.items():
        assert one["cap_drop"] == ["ALL"], name
        assert one["security_opt"] == ["no-new-privileges:true"], name
        # Airflow writes its configuration and its logs beside its program
        assert one.get("read_only", False) is (not name.startswith("airflow-") or name == "airflow-secrets"), name
        once = name.endswith(("-secrets", "-role", "-init"))
        own = name == "db" or name.startswith("odoo-")  # none but by a setting: they have bounds of their own
        assert once or own or "mem_limit" in one, name
    hands_on = {"CHOWN", "DAC_OVERRIDE", "FOWNER"}
    becomes = {"CHOWN", "DAC_OVERRIDE", "SETGID", "SETUID"}
    assert {name: set(one["cap_add"]) for name, one in services.items() if one.get("cap_add")} == {
        **dict.fromkeys(("odoo-secrets", "airflow-secrets", "monitoring-secrets"), hands_on),
        **{"redis": becomes, "db": becomes | {"FOWNER"}},
    }


def test_the_triggerer_can_tell_of_a_late_run(shown: Callable[..., str]) -> None:
    """Deadlines' callbacks run there: it needs the package, its settings, and the ledger's and Slack's connections."""
    services = json.loads(shown(FILES[:1], ("airflow",), "--format=json"))["services"]
    triggerer, scheduler = services["airflow-triggerer"], services["airflow-scheduler"]
    ours = {name for name in scheduler["environment"] if name.startswith(("OFITEC_", "AIRFLOW__SECRETS__"))}
    assert {name: scheduler["environment"][name] for name in ours} == {
        name: triggerer["environment"][name] for name in ours
    }
    assert "AIRFLOW__SECRETS__BACKEND" in triggerer["environment"]
    assert "/run/airflow" in {volume["target"] for volume in triggerer["volumes"]}
    assert set(scheduler["networks"]) <= set(triggerer["networks"])


def test_every_setting_of_the_example_reaches_airflow(tmp_path: Path) -> None:
    """`.env` is the one way; only where this file mounts something, it says itself where."""
    mounted = {
        "OFITEC_METRICS_TOKEN_FILE": "/run/airflow/ofitec_metrics_token",
        "OFITEC_FILESTORE": "/var/lib/odoo/filestore/empresa",
    }
    chosen = {f"OFITEC_{name.upper()}": f"de {name}" for name in Settings.model_fields}
    lines = "".join(f"{name}='{value}'\n" for name, value in chosen.items())
    folder = installation(tmp_path, f"ODOO_DB=empresa\n{lines}OFITEC_PRUNE_CONNECTION=\n")
    services = airflow_services(config(folder, FILES[:1], ("airflow", "celery"), "--format=json"))
    assert len(services) == 7
    for name, environment in services.items():
        given = {key: value for key, value in environment.items() if key in chosen}
        assert given == chosen | mounted | {"OFITEC_PRUNE_CONNECTION": ""}, name


def test_without_env_airflow_has_the_packages_own_defaults(shown: Callable[..., str]) -> None:
    for environment in airflow_services(shown(FILES[:1], ("airflow",), "--format=json")).values():
        given = {name for name in environment if name.startswith("OFITEC_")}
        assert given == {"OFITEC_METRICS_TOKEN_FILE", "OFITEC_FILESTORE"}


def test_celerys_workers_share_no_more_than_their_queue_needs(shown: Callable[..., str]) -> None:
    services = json.loads(shown(FILES[:1], ("airflow", "celery"), "--format=json"))["services"]
    workers = {name: one for name, one in services.items() if "worker" in name}
    by_queue = {one["command"][-1]: one for one in workers.values()}
    assert set(by_queue) == {"default", "ops"}
    mounted = {queue: {volume["source"] for volume in one["volumes"]} for queue, one in by_queue.items()}
    assert mounted["ops"] - mounted["default"] == {"odoo-data"}
    assert mounted["default"] - mounted["ops"] == set()
    assert {"redis", "airflow-init"} == set(by_queue["ops"]["depends_on"]) == set(by_queue["default"]["depends_on"])
    # every queue that a task names has a worker
    named = {"default", *re.findall(r'^OPS = "(\w+)"', (ROOT / "include/ofitec/backup/tasks.py").read_text(), re.M)}
    assert named == set(by_queue)


@pytest.mark.parametrize(
    ("argument", "env", "celery"),
    [("", "", False), ("EXECUTOR=celery", "", True), ("", "AIRFLOW_EXECUTOR=CeleryExecutor\n", True)],
    ids=["plain", "asked for", "in .env"],
)
def test_make_up_starts_the_workers_that_the_executor_needs(
    tmp_path: Path, argument: str, env: str, celery: bool
) -> None:
    (tmp_path / ".env").write_text(env)
    argv = ["make", "--dry-run", f"--file={ROOT / 'Makefile'}", f"--directory={tmp_path}", "up", *argument.split()]
    shown = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    assert ("--profile celery" in shown) is celery
    assert ("AIRFLOW_EXECUTOR=CeleryExecutor docker" in shown) is celery


def test_make_up_refuses_an_executor_that_it_does_not_know() -> None:
    done = subprocess.run(
        ["make", "-C", str(ROOT), "up", "EXECUTOR=kubernetes"], check=False, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "EXECUTOR is local or celery, not kubernetes" in done.stderr


def test_prometheus_asks_only_services_that_run(shown: Callable[..., str]) -> None:
    services = json.loads(shown(FILES[:1], PROFILES, "--format=json"))["services"]
    config = (ROOT / "include/monitoring/prometheus/prometheus.yml").read_text()
    asked = set(re.findall(r"(?:http://)?([a-z][a-z-]+):\d{4}", config)) - {"localhost"}
    assert asked <= set(services), asked - set(services)
    token = services["airflow-apiserver"]["environment"]["OFITEC_METRICS_TOKEN_FILE"]
    assert Path(token).name in {secret["source"] for secret in services["airflow-secrets"]["secrets"]}


def test_foreign_images_come_by_digest_and_a_bare_up_starts_no_colour() -> None:
    text = "".join((ROOT / name).read_text() for name in FILES)
    for image in re.findall(r"image: \$\{\w+:-([^}]+)\}", text):
        assert "@sha256:" in image or image in ("ofitec-odoo:none", "ofitec-airflow:local", "ofitec-mtail:local"), image
    for base in (ROOT / "include/images/bases.env").read_text().splitlines():
        assert base.startswith("#") or re.fullmatch(r"\w+=\S+:\S+@sha256:[0-9a-f]{64}", base), base
    for dockerfile in (ROOT / "include").rglob("Dockerfile"):
        for base in re.findall(r"(?m)^FROM (\S+)", dockerfile.read_text()):
            assert "@sha256:" in base or base.startswith("$"), f"{dockerfile}: {base}"
    colours = re.findall(r"^x-odoo: &odoo\n  profiles: \[colours\]", text, re.MULTILINE)
    assert len(colours) == 1


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
