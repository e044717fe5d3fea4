"""docker-compose.yml: valid for every profile, nothing mutable, no secret or default password in it."""

import itertools
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from dev.stack.machine import debian
from dev.stack.machine.paths import ROOT
from dev.stack.services.docker_engine import Docker
from ofitec.deploy.host.record.home import Home
from ofitec.deploy.host.run import secrets
from ofitec.settings import Settings

PROFILES = ("odoo", "airflow", "celery", "colours", "monitoring")
FILES = ("docker-compose.yml", "include/monitoring/compose.yml")


Config = Callable[..., str]


@pytest.fixture(scope="module")
def config() -> Config:
    """`docker compose ... config` of these files and profiles: needs the program, no engine."""
    program = next((debian.unpacked("docker-compose") / "usr").rglob("cli-plugins/docker-compose"))

    def config(folder: Path, files: tuple[str, ...], profiles: tuple[str, ...], *options: str) -> str:
        argv = [
            str(program),
            *[f"--file={folder / name}" for name in files],
            *[f"--profile={name}" for name in profiles],
        ]
        done = subprocess.run(
            [*argv, "config", *options], env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return config


@pytest.fixture(scope="module")
def shown(config: Config, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """The same with the defaults, whatever .env stands here."""
    return partial(config, installation(tmp_path_factory.mktemp("defaults")))


def installation(folder: Path, settings: str = "") -> Path:
    """The folder of an installation, with these lines in .env."""
    for name in ("docker-compose.yml", "docker-compose.traefik.yml", "include"):
        (folder / name).symlink_to(ROOT / name)
    if settings:
        (folder / ".env").write_text(settings)
    return folder


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


def airflow_services(text: str) -> dict[str, dict[str, str]]:
    """Each service that runs Airflow, and its environment."""
    found = {name: one for name, one in json.loads(text)["services"].items() if name.startswith("airflow-")}
    del found["airflow-secrets"]  # it copies files and reads no setting
    return {name: one["environment"] for name, one in found.items()}


def test_every_setting_of_the_example_reaches_airflow(config: Config, tmp_path: Path) -> None:
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


def test_no_secret_stands_in_an_environment(shown: Callable[..., str]) -> None:
    for environment in airflow_services(shown(FILES[:1], ("airflow", "celery"), "--format=json")).values():
        secret = [name for name in environment if re.search("PASSWORD|SECRET|_KEY|TOKEN|SQL_ALCHEMY|BROKER_URL", name)]
        assert secret
        assert all(name.endswith(("_CMD", "_FILE", "_PATH", "BACKEND", "BACKEND_KWARGS")) for name in secret), secret


def test_each_component_has_its_own_secrets_and_no_others(shown: Callable[..., str]) -> None:
    """As the table in docs/rights.md says; what a container's settings name is what its volume holds."""
    services = json.loads(shown(FILES[:1], ("airflow", "celery"), "--format=json"))["services"]
    script = services["airflow-secrets"]["command"][0].replace("$$", "$")
    words = dict(
        re.findall(r' (?<=[\w ])(\w+)="([\w ]+)"', script[script.index('database="sql') - 1 :].replace("\n", " "))
    )
    given = {
        name: set(re.sub(r"\$(\w+)", lambda found: words[found[1]], what).split())
        for name, what in re.findall(r'give ([\w-]+) "([^"]+)"', script)
    }
    volumes = {each["source"]: each["target"].removeprefix("/out/") for each in services["airflow-secrets"]["volumes"]}
    holds = {}
    for name, service in services.items():
        if name == "airflow-secrets" or not name.startswith("airflow-"):
            continue
        [mounted] = [each for each in service["volumes"] if each["target"] == "/run/airflow"]
        assert mounted["read_only"], name
        assert "secrets" not in service, name
        holds[name] = given[volumes[mounted["source"]]]
        named = re.findall(r"/run/airflow/([\w.]+)", " ".join(map(str, service["environment"].values())))
        optional = {"ofitec_metrics_token", "connections.json"}  # which all of Airflow's settings name
        assert set(named) - holds[name] <= optional, name
        assert holds[name] - set(named) <= {"airflow_admin_password"}, name
    owners = {
        "sql_alchemy_conn": {"init", "apiserver", "scheduler", "dag-processor", "triggerer"},
        "airflow_fernet_key": {"init", "apiserver", "scheduler", "dag-processor", "triggerer"},
        "airflow_jwt_key": {"apiserver", "scheduler"},
        "airflow_secret_key": {"apiserver", "scheduler", "worker", "worker-ops"},
        "airflow_admin_password": {"init"},
        "connections.json": {"apiserver", "scheduler", "dag-processor", "triggerer", "worker", "worker-ops"},
        "ofitec_metrics_token": {"apiserver"},
        "broker_url": {"scheduler", "worker", "worker-ops"},
        "result_backend": {"scheduler", "worker", "worker-ops"},
    }
    found = {secret: {name.removeprefix("airflow-") for name in holds if secret in holds[name]} for secret in owners}
    assert found == owners
    assert set().union(*holds.values()) == set(owners)
    columns = ("init", "apiserver", "scheduler", "dag-processor", "triggerer", "worker")
    table = [
        f"| `{secret}` | {' | '.join('✓' if name in owners[secret] else '·' for name in columns)} |"
        for secret in owners
    ]
    assert "\n".join(table) in (ROOT / "docs" / "rights.md").read_text(), "\n".join(table)


def test_the_key_that_signs_tokens_is_one_that_airflow_reads(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    one, other = secrets.ed25519(), secrets.ed25519()
    assert one != other
    key = load_pem_private_key(one.encode(), None)
    assert isinstance(key, Ed25519PrivateKey)
    key.public_key().verify(key.sign(b"token"), b"token")


def test_airflows_connection_is_the_robots_and_not_the_administrators(tmp_path: Path) -> None:
    (tmp_path / "docker-compose.yml").touch()
    secrets.make(Home.open(tmp_path))
    odoo = json.loads((tmp_path / "secrets" / "airflow_connections.json").read_text())["odoo_default"]
    assert odoo["login"] == "ofitec-robot"
    assert odoo["password"] == (tmp_path / "secrets" / "odoo_robot_password").read_text()


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


def test_secrets_are_made_once_for_their_owner_alone_and_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "docker-compose.yml").touch()
    made = secrets.make(Home.open(tmp_path))["made"]
    named = set(re.findall(r"file: \S*/secrets/(\S+)\}", "".join((ROOT / name).read_text() for name in FILES)))
    # what only a person can give: docs/monitoring.md
    assert named - {"slack_webhook", "smtp_password", "dead_mans_switch_url"} <= set(made)
    before = {path.name: path.read_bytes() for path in (tmp_path / "secrets").iterdir()}
    assert {(tmp_path / "secrets" / name).stat().st_mode & 0o777 for name in before} == {0o600}
    assert len(set(before.values())) == len(before)
    assert secrets.make(Home.open(tmp_path))["made"] == []
    assert {path.name: path.read_bytes() for path in (tmp_path / "secrets").iterdir()} == before


def test_a_scram_verifier_is_what_postgresql_itself_would_make(docker: Docker) -> None:
    """RFC 7677's form; PostgreSQL takes a password for a verifier only if it is in this form."""
    assert re.fullmatch(r"SCRAM-SHA-256\$4096:[\w+/=]{24}\$[\w+/=]{44}:[\w+/=]{44}", secrets.scram("x"))


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
