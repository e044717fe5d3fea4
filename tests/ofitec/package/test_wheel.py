"""The wheel on a stock Airflow, installed as README.md says: no PYTHONPATH, no plugins folder, one bundle line."""

import json
from collections.abc import Mapping

import pytest

from dev.stack.services.airflow import Airflow
from tests.ofitec.package.installation import DAGS, Installation

# the installation is made once for all of them
pytestmark = pytest.mark.xdist_group("second stack")


def test_an_empty_installation_is_told_each_missing_thing(installed: Installation) -> None:
    """As docs/operations.md has it run in compose's image, which installs the same wheel (test_image.py)."""
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
    installed.make_repository(airflow.env)
    done = installed.run("airflow", "ofitec", "doctor", "--json", env=airflow.env)
    answer = json.loads(done.stdout)
    assert [row for row in answer["checks"] if row["state"] not in ("ok", "unused")] == []
    assert (done.returncode, answer["ok"]) == (0, True)
    secrets = [airflow.password, *_secrets(airflow.env)]
    assert not [secret for secret in secrets if secret in done.stdout + done.stderr]


def _secrets(env: Mapping[str, str]) -> list[str]:
    connections = [json.loads(value) for name, value in env.items() if name.startswith("AIRFLOW_CONN_")]
    return [connection["password"] for connection in connections if connection.get("password")]
