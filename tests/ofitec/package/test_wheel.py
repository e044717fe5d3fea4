"""The wheel on a stock Airflow, installed as README.md says: no PYTHONPATH, no plugins folder, one bundle line."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from dev.stack.services.airflow import Airflow
from tests.docs.blocks import ROOT, blocks, commands

# the installation is made once for all of them
pytestmark = pytest.mark.xdist_group("second stack")

[README] = [block for block in blocks(ROOT / "README.md") if "pip install" in block.text]
*PIP, EXPORT = (command.words for command in commands(README))
BUNDLES, BUNDLE = EXPORT[1].split("=", 1)
# a stack in which nothing was backed up yet has none
REPOSITORY = """
from ofitec.clients.restic_connection import restic
from ofitec.clients.restic_errors import RepositoryMissing
try:
    restic().open()
except RepositoryMissing:
    restic().init()
"""
DAGS = {file.stem for file in (ROOT / "dags").glob("*.py")}


@dataclass(frozen=True)
class Installation:
    """An environment with Airflow from the lock and our wheel, and a folder of its own."""

    folder: Path

    def env(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        empty = self.folder / "empty"
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "AIRFLOW_HOME": str(self.folder / "airflow"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "OFITEC_EXPORT_URL": f"file://{self.folder}/exports",
            **{name: value for name, value in (more or {}).items() if name != "PYTHONPATH"},
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(empty),
            "AIRFLOW__CORE__DAGS_FOLDER": str(empty),
            BUNDLES: BUNDLE,
        }

    def run(self, *argv: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        program = self.folder / "venv" / "bin" / argv[0]
        return subprocess.run(
            [str(program), *argv[1:]],
            env=self.env(env),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    folder = tmp_path_factory.mktemp("wheel")
    python = str(folder / "venv" / "bin" / "python")
    dist = folder / "dist"
    env = {**os.environ, "UV_CACHE_DIR": str(ROOT / ".local" / "cache" / "uv")}

    def run(*argv: str | Path, cwd: Path = ROOT) -> None:
        subprocess.run(argv, cwd=cwd, env=env, check=True, capture_output=True, timeout=300)

    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", dist)
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv")
    (dist / "requirements.txt").symlink_to(ROOT / "requirements.txt")
    uv = shlex.join([sys.executable, "-m", "uv"])  # pip's words, ten times faster
    for command in PIP:
        where = f"-q --offline --python {shlex.quote(python)}"
        run("bash", "-c", f"{uv} {' '.join(command)} {where}", cwd=dist)
    return Installation(folder)


def test_an_empty_installation_is_told_each_missing_thing(installed: Installation) -> None:
    done = installed.run("airflow", "ofitec", "doctor")
    assert done.returncode == 1, done.stderr
    wrong = [line for line in done.stdout.splitlines() if line.startswith("✗")]
    for name in ("ofitec_ledger", "odoo_default", "slack_default", "odoo_db", "restic_default", "OFITEC_FILESTORE"):
        assert sum(name in line for line in wrong) == 1, name
    assert "✓ DAGs: served by the bundle 'ofitec'" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_the_wheel_brings_its_dags(installed: Installation) -> None:
    code = (
        "import json; from airflow.dag_processing.dagbag import DagBag; from ofitec.package.bundle import dags_folder;"
        "f = dags_folder(); bag = DagBag(dag_folder=str(f), bundle_path=f, bundle_name='ofitec');"
        "print(json.dumps({'dags': sorted(bag.dags), 'errors': bag.import_errors, 'from': str(f)}))"
    )
    done = installed.run("python", "-c", code)
    answer = json.loads(done.stdout.strip().splitlines()[-1])
    assert answer["errors"] == {}
    assert set(answer["dags"]) == DAGS
    assert str(installed.folder) in answer["from"]


def test_all_is_well_on_a_whole_installation(installed: Installation, airflow: Airflow) -> None:
    made = installed.run("python", "-c", REPOSITORY, env=airflow.env)
    assert made.returncode == 0, made.stderr
    done = installed.run("airflow", "ofitec", "doctor", "--json", env=airflow.env)
    answer = json.loads(done.stdout)
    assert [row for row in answer["checks"] if row["state"] not in ("ok", "unused")] == []
    assert (done.returncode, answer["ok"]) == (0, True)
    secrets = [airflow.password, *_secrets(airflow.env)]
    assert not [secret for secret in secrets if secret in done.stdout + done.stderr]


def _secrets(env: Mapping[str, str]) -> list[str]:
    connections = [json.loads(value) for name, value in env.items() if name.startswith("AIRFLOW_CONN_")]
    return [connection["password"] for connection in connections if connection.get("password")]
