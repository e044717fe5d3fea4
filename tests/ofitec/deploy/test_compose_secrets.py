"""The secrets of docker-compose.yml: each made once, for its owner alone, and given to whom it concerns."""

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from dev.stack.machine.paths import ROOT
from ofitec.deploy.host.record.home import Home
from ofitec.deploy.host.run import secrets
from tests.ofitec.deploy.compose import FILES, airflow_services


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


def test_who_runs_never_misses_a_secret_while_it_is_handed_over_again(
    shown: Callable[..., str], tmp_path: Path
) -> None:
    """`make up` does it at every start, also while tasks run."""
    services = json.loads(shown(FILES[:1], ("airflow", "celery"), "--format=json"))["services"]
    script = services["airflow-secrets"]["command"][0].replace("$$", "$")
    for folder in ("/run/secrets", "/tmp/made", "/out", "/opt/airflow"):
        script = script.replace(folder, f"{tmp_path}{folder}")
    # what the image's root may; here whoever runs the tests
    script = f"chown() {{ :; }}\n{script}"
    (tmp_path / "run/secrets").mkdir(parents=True)
    for name in services["airflow-secrets"]["secrets"]:
        (tmp_path / "run/secrets" / name["source"]).write_text(f"of {name['source']}")
    for volume in services["airflow-secrets"]["volumes"]:
        (tmp_path / volume["target"].lstrip("/")).mkdir(parents=True)
    (tmp_path / "tmp").mkdir()

    def hand_over() -> None:
        shutil.rmtree(tmp_path / "tmp/made", ignore_errors=True)
        subprocess.run(["bash", "-euc", script], check=True, capture_output=True)

    hand_over()
    mine = tmp_path / "out/scheduler"
    held = {file.name: file.read_text() for file in mine.iterdir()}
    assert held["connections.json"] == "of airflow_connections.json"
    (mine / "of_before").touch()
    missed: list[str] = []
    ended = threading.Event()

    def read(file: Path) -> str:
        try:
            return file.read_text()
        except FileNotFoundError:
            return ""

    def look() -> None:
        while not ended.is_set():
            missed.extend(name for name, text in held.items() if read(mine / name) != text)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        for _ in range(5):
            hand_over()
    finally:
        ended.set()
        watcher.join()
    assert missed == []
    assert {file.name: file.read_text() for file in mine.iterdir()} == held


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


def test_a_scram_verifier_has_the_form_that_postgresql_takes_for_one() -> None:
    """RFC 7677's form; PostgreSQL takes a password for a verifier only if it is in this form."""
    assert re.fullmatch(r"SCRAM-SHA-256\$4096:[\w+/=]{24}\$[\w+/=]{44}:[\w+/=]{44}", secrets.scram("x"))
