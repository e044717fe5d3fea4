"""Run by the tests in a process of its own, configured as a cluster's scheduler is: prints the pod that
KubernetesExecutor would create for each task of our DAGs, and for a mapped one of the queue `ops`."""

import json
import queue
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

from airflow.dag_processing.dagbag import DagBag
from airflow.executors.workloads import BundleInfo, ExecuteTask, TaskInstanceDTO
from airflow.models.taskinstance import TaskInstance
from airflow.providers.cncf.kubernetes.executors.kubernetes_executor import KubernetesExecutor
from airflow.providers.cncf.kubernetes.executors.kubernetes_executor_types import KubernetesJob
from airflow.providers.cncf.kubernetes.executors.kubernetes_executor_utils import AirflowKubernetesScheduler
from airflow.serialization.serialized_objects import DagSerialization
from kubernetes.client import ApiClient

TOKEN = "header.claims.signature"  # stands for the one that the scheduler signs


def main(*folders: str) -> None:
    """Print a list of {dag, task, queue, pod}."""
    made = []
    for folder in folders:
        bag = DagBag(dag_folder=folder, bundle_path=Path(folder), bundle_name="ofitec")
        assert not bag.import_errors, bag.import_errors
        for dag in bag.dags.values():
            # what the scheduler knows of a DAG is what the dag-processor has written down
            known = DagSerialization.from_dict(DagSerialization.to_dict(dag))
            for task in known.tasks:
                made.append({"dag": dag.dag_id, "task": task.task_id, "queue": task.queue, "pod": pod(task)})
    sys.stdout.write(f"{json.dumps(made)}\n")


def pod(task: Any) -> dict[str, Any]:
    """The pod of a task's first try."""
    instance = TaskInstance(task=task, dag_version_id=uuid4(), run_id="scheduled__2026-11-27T05:30:00+00:00")
    instance.id, instance.try_number = uuid4(), 1
    dto = TaskInstanceDTO.model_validate(instance, from_attributes=True)
    workload = ExecuteTask(
        token=TOKEN,
        ti=dto,
        dag_rel_path=Path(f"{task.dag_id}.py"),
        bundle_info=BundleInfo(name="ofitec", version="0.1.0"),
        log_path="log",
    )
    return body_of(workload, dto.executor_config)


def body_of(workload: ExecuteTask, executor_config: dict[str, Any] | None) -> dict[str, Any]:
    """The request's body, made by the executor's own code."""
    executor = KubernetesExecutor()  # type: ignore[no-untyped-call]
    jobs: queue.Queue[KubernetesJob] = queue.Queue()
    executor.task_queue = jobs  # as start() would make it, but nothing asks a cluster
    executor.scheduler_job_id = "1"
    executor.execute_async(workload.key, [workload], queue=workload.ti.queue, executor_config=executor_config)
    # the part that asks no cluster; its constructor would start watchers of one
    launcher = AirflowKubernetesScheduler.__new__(AirflowKubernetesScheduler)
    launcher.kube_config, launcher.scheduler_job_id = executor.kube_config, "1"
    launcher.namespace, launcher.supports_task_instance_uuid = executor.kube_config.kube_namespace, False
    body = ApiClient().sanitize_for_serialization(launcher._build_pod_request(jobs.get_nowait()))
    assert isinstance(body, dict)
    return body


if __name__ == "__main__":
    main(*sys.argv[1:])
