"""What `include/kubernetes` says, and an Airflow that is configured by it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev.stack.machine.paths import ROOT

FOLDER = ROOT / "include" / "kubernetes"
MOUNTED = "/opt/airflow/pods"  # where the scheduler finds the pods


def values() -> dict[str, Any]:
    """The chart's values."""
    found: dict[str, Any] = yaml.safe_load((FOLDER / "values.yaml").read_text())
    return found


def settings_env() -> dict[str, str]:
    """What every container has as environment."""
    lines = (FOLDER / "settings.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def scheduler_env(home: Path) -> dict[str, str]:
    """The environment of the cluster's scheduler, its files below `home`."""
    (home / "config").mkdir(parents=True)
    policy = (FOLDER / "airflow_local_settings.py").read_text()
    assert MOUNTED in policy
    (home / "config" / "airflow_local_settings.py").write_text(policy.replace(MOUNTED, str(FOLDER / "pods")))
    chosen = values()
    config = {
        f"AIRFLOW__{section.upper()}__{name.upper()}": str(value).replace(MOUNTED, str(FOLDER / "pods"))
        for section, names in chosen["config"].items()
        for name, value in names.items()
    }
    image = (chosen["defaultAirflowRepository"], chosen["defaultAirflowTag"])
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": f"{ROOT / 'include'}:{ROOT}",
        "AIRFLOW_HOME": str(home),
        **settings_env(),
        **config,
        "AIRFLOW__CORE__EXECUTOR": chosen["executor"],
        "AIRFLOW__LOGGING__REMOTE_LOGGING": "False",
        # as the chart writes them into airflow.cfg
        "AIRFLOW__KUBERNETES_EXECUTOR__NAMESPACE": "ofitec",
        "AIRFLOW__KUBERNETES_EXECUTOR__WORKER_CONTAINER_REPOSITORY": image[0],
        "AIRFLOW__KUBERNETES_EXECUTOR__WORKER_CONTAINER_TAG": image[1],
    }


def component_env(name: str, files: Path) -> dict[str, str]:
    """What the values give to a component of the chart, the secret's files in a folder of the test."""
    return {entry["name"]: entry["value"].replace("/run/ofitec", str(files)) for entry in values()[name]["env"]}


@dataclass(frozen=True)
class Made:
    """The pod that the executor would create for a task."""

    dag: str
    task: str
    queue: str
    pod: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.dag}.{self.task}"

    @property
    def spec(self) -> dict[str, Any]:
        found: dict[str, Any] = self.pod["spec"]
        return found

    @property
    def container(self) -> dict[str, Any]:
        [only] = self.spec["containers"]
        assert isinstance(only, dict)
        return only


Pods = Callable[..., list[Made]]


@pytest.fixture(scope="session")
def pods_of(tmp_path_factory: pytest.TempPathFactory) -> Pods:
    """The pods of all tasks; settings in Airflow's own words may be changed."""

    def made(**changed: str) -> list[Made]:
        env = scheduler_env(tmp_path_factory.mktemp("scheduler")) | changed
        argv = [sys.executable, "-m", "tests.kubernetes.pods_made", str(ROOT / "dags")]
        argv.append(str(ROOT / "tests" / "kubernetes" / "dags" / "mapped"))
        done = subprocess.run(argv, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return [Made(**each) for each in json.loads(done.stdout.splitlines()[-1])]

    return made


@pytest.fixture(scope="session")
def pods(pods_of: Pods) -> list[Made]:
    """The pods of all tasks, as `include/kubernetes` configures Airflow."""
    return pods_of()
