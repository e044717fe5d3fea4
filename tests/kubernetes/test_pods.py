"""The pods that KubernetesExecutor would create for our tasks: what is in them, and that Kubernetes takes them."""

import json
import re
from importlib.metadata import distribution
from itertools import chain
from typing import Any

import kubernetes_validate
import pytest
import yaml

from ofitec.backup.tasks import OPS
from ofitec.process import _GRACE
from ofitec.settings import Settings
from tests.kubernetes.conftest import FOLDER, Made, Pods, settings_env, values
from tests.kubernetes.pods_made import TOKEN

pytestmark = pytest.mark.xdist_group("pods")  # they are made once, by whichever worker has these tests
DISKS = {"filestore", "work", "restic-cache"}
# what Airflow tells a pod of its task: which one it is
NAMED = {
    *("id", "dag_id", "task_id", "run_id", "map_index", "try_number", "dag_version_id", "hostname", "context_carrier"),
    *("queue", "pool_slots", "priority_weight"),
}
# by the table of Airflow's own README, of this release
[_SUPPORTED] = re.findall(
    r"\| Kubernetes +\|[^|]+\| ([\d., ]+?) *\|", distribution("apache-airflow").read_text("METADATA") or ""
)
VERSIONS = _SUPPORTED.split(", ")


def of(pods: list[Made], queue: str) -> list[Made]:
    found = [made for made in pods if made.queue == queue]
    assert found
    return found


def volumes(made: Made) -> dict[str, dict[str, Any]]:
    return {volume["name"]: volume for volume in made.spec["volumes"]}


def mounts(made: Made) -> dict[str, dict[str, Any]]:
    return {mount["name"]: mount for mount in made.container["volumeMounts"]}


def plain_env(made: Made) -> dict[str, str]:
    """What the container gets by its own list; every value of it can be read by whoever may read pods."""
    assert all(entry.keys() == {"name", "value"} for entry in made.container["env"])
    return {entry["name"]: entry["value"] for entry in made.container["env"]}


def size(quantity: str) -> float:
    """Bytes, or cores."""
    number, unit = re.fullmatch(r"([\d.]+)(m|[KMGT]i|)", quantity).groups()  # type: ignore[union-attr]
    return float(number) * {"": 1, "m": 0.001, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}[unit]


def test_every_task_of_every_dag_has_its_pod(pods: list[Made]) -> None:
    assert {made.dag for made in pods} > {"backup_nightly", "backup_verify", "f29_monthly", "odoo_deploy"}
    assert {made.queue for made in pods} == {"default", OPS}
    assert "mapped_probe.each" in {made.name for made in of(pods, OPS)}


def test_what_works_on_backups_has_filestore_work_disk_and_cache(pods: list[Made]) -> None:
    for made in of(pods, OPS):
        assert volumes(made).keys() >= DISKS, made.name
        env, at = plain_env(made), {name: mount["mountPath"] for name, mount in mounts(made).items()}
        assert env["OFITEC_WORK_DIR"] == at["work"], made.name
        # the client's own place for it, below the work disk: include/ofitec/clients/restic_connection.py
        assert at["restic-cache"] == f"{at['work']}/restic-cache", made.name
        assert env["OFITEC_FILESTORE"].startswith(f"{at['filestore']}/"), made.name
        # new with each pod and gone with it: no task relies on a file that another left
        assert "ephemeral" in volumes(made)["work"], made.name
        assert "persistentVolumeClaim" in volumes(made)["restic-cache"], made.name


def test_a_backup_cannot_write_odoos_files(pods: list[Made]) -> None:
    for made in of(pods, OPS):
        assert mounts(made)["filestore"]["readOnly"] is True
        # of the volume too: else fsGroup gives all its files another group
        assert volumes(made)["filestore"]["persistentVolumeClaim"]["readOnly"] is True


def test_no_other_task_has_one_of_the_disks(pods: list[Made]) -> None:
    for made in of(pods, "default"):
        assert volumes(made).keys() == mounts(made).keys() == {"logs"}, made.name
        assert not {"OFITEC_FILESTORE", "OFITEC_WORK_DIR"} & (plain_env(made).keys() | settings_env().keys()), made.name


def test_every_pod_asks_for_what_it_needs_and_has_a_bound(pods: list[Made]) -> None:
    for made in pods:
        resources = made.container["resources"]
        for what in ("cpu", "memory", "ephemeral-storage"):
            assert 0 < size(resources["requests"][what]) <= size(resources["limits"][what]), f"{made.name} {what}"
        # scratch space in the node's own disk counts against that bound
        logs = size(volumes(made)["logs"]["emptyDir"]["sizeLimit"])
        assert logs <= size(resources["limits"]["ephemeral-storage"]), made.name
    heaviest = max(size(made.container["resources"]["limits"]["memory"]) for made in of(pods, "default"))
    assert all(size(made.container["resources"]["limits"]["memory"]) > heaviest for made in of(pods, OPS))


def test_the_jobs_of_pg_restore_have_a_core_each(pods: list[Made]) -> None:
    jobs = int(settings_env().get("OFITEC_RESTORE_JOBS", Settings.model_fields["restore_jobs"].default))
    for made in of(pods, OPS):
        assert size(made.container["resources"]["limits"]["cpu"]) >= jobs


def test_a_pod_that_must_go_has_time_to_end_its_programs_and_to_report(pods: list[Made]) -> None:
    """pg_dump and restic get TERM, then KILL, one after the other; then Airflow's API is told."""
    report = float(settings_env()["AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT"])
    for made in pods:
        assert made.spec["terminationGracePeriodSeconds"] >= report + 2 * _GRACE, made.name
        # the supervisor alone gets TERM: dumb-init would give it to the task as well
        assert plain_env(made)["DUMB_INIT_SETSID"] == "0", made.name


def test_a_pod_is_started_once_and_no_node_is_saved_at_a_backups_cost(pods: list[Made]) -> None:
    for made in pods:
        assert made.spec["restartPolicy"] == "Never", made.name  # Airflow's own retries count
    for made in of(pods, OPS):
        assert made.pod["metadata"]["annotations"]["cluster-autoscaler.kubernetes.io/safe-to-evict"] == "false"


def test_no_secret_is_in_a_pod(pods: list[Made]) -> None:
    """Neither plain nor by reference: a task asks the API server. Only its own pass is there, put by Airflow."""
    for made in pods:
        assert set(volumes(made)) <= DISKS | {"logs"}, made.name
        assert not any("secret" in volume or "projected" in volume for volume in made.spec["volumes"]), made.name
        assert made.container["envFrom"] == [{"configMapRef": {"name": "ofitec-settings"}}], made.name
        names = " ".join(chain(plain_env(made), settings_env()))
        assert not re.search(r"AIRFLOW_CONN|SQL_ALCHEMY|FERNET|JWT|SECRET|PASSWORD|TOKEN", names), made.name
        *command, argument = made.container["args"]
        assert command == ["python", "-m", "airflow.sdk.execution_time.execute_workload", "--json-string"], made.name
        workload = json.loads(argument)
        assert workload.pop("token") == TOKEN, made.name
        assert workload.keys() == {"type", "ti", "dag_rel_path", "bundle_info", "log_path", "sentry_integration"}
        assert workload["ti"].keys() <= NAMED, made.name


def test_every_pod_is_as_the_restricted_standard_of_kubernetes_wants_it(pods: list[Made]) -> None:
    for made in pods:
        assert made.spec["securityContext"]["runAsNonRoot"] is True, made.name
        assert made.spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, made.name
        own = made.container["securityContext"]
        assert own["allowPrivilegeEscalation"] is False, made.name
        assert own["capabilities"] == {"drop": ["ALL"]}, made.name
        assert made.spec["automountServiceAccountToken"] is False, made.name


def test_every_pod_has_the_one_image_unless_values_leave_it_to_the_pods(pods: list[Made], pods_of: Pods) -> None:
    image = f"{values()['defaultAirflowRepository']}:{values()['defaultAirflowTag']}"
    assert {made.container["image"] for made in pods} == {image}
    nowhere = pods_of(
        AIRFLOW__KUBERNETES_EXECUTOR__WORKER_CONTAINER_REPOSITORY="",
        AIRFLOW__KUBERNETES_EXECUTOR__WORKER_CONTAINER_TAG="",
    )
    assert not any("image" in made.container for made in nowhere)


def faults(document: dict[str, Any], version: str) -> str:
    """Why Kubernetes would refuse it; unknown fields count."""
    try:
        kubernetes_validate.validate(document, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        return f"{document['metadata']['name']} for Kubernetes {version}: {error}"
    return ""


def test_the_schemas_of_every_supported_version_are_here() -> None:
    assert VERSIONS[0] == "1.30"
    assert set(VERSIONS) <= {version.rpartition(".")[0] for version in kubernetes_validate.utils.all_versions()}


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_takes_every_pod(pods: list[Made], version: str) -> None:
    assert [fault for made in pods if (fault := faults(made.pod, version))] == []


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("file", ["storage.yaml", "network-policy.yaml", "pods/task.yaml", "pods/ops.yaml"])
def test_kubernetes_takes_every_file(file: str, version: str) -> None:
    for document in yaml.safe_load_all((FOLDER / file).read_text()):
        assert faults(document, version) == ""


def test_a_wrong_field_is_found(pods: list[Made]) -> None:
    wrong = yaml.safe_load(yaml.safe_dump(pods[0].pod))
    wrong["spec"]["terminationGraceSeconds"] = 10
    assert "terminationGraceSeconds" in faults(wrong, VERSIONS[0])
