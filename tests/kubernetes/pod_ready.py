"""Run by the tests in a process of its own, configured as a cluster's scheduler is: a run of a DAG of the tests, its
task queued. Prints the pod that would be created, the pass in it signed; with --after, how the task ended."""

import json
import sys
from pathlib import Path

from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
from airflow.executors.workloads import ExecuteTask
from airflow.models.dagbundle import DagBundleModel
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from airflow.providers.cncf.kubernetes.executors.kubernetes_executor import KubernetesExecutor
from airflow.utils.db import initdb
from airflow.utils.session import create_session
from sqlalchemy import select

from tests.kubernetes.deadline_missed import start
from tests.kubernetes.pods_made import body_of


def ready(folder: str) -> None:
    """Print the pod."""
    initdb()
    bag = DagBag(dag_folder=folder, bundle_path=Path(folder), bundle_name="ofitec")
    with create_session() as session:
        session.add(DagBundleModel(name="ofitec"))
    sync_bag_to_db(bag, "ofitec", None)
    [dag_id] = bag.dags
    with create_session() as session:
        start(dag_id, session)
        session.flush()
        instance = session.scalars(select(TaskInstance)).one()
        instance.try_number, instance.state = 1, "queued"
        executor = KubernetesExecutor()  # type: ignore[no-untyped-call]
        workload = ExecuteTask.make(instance, generator=executor.jwt_generator)
        sys.stdout.write(f"{json.dumps(body_of(workload, instance.executor_config))}\n")


def after() -> None:
    """Print the task's state and answer."""
    with create_session() as session:
        instance = session.scalars(select(TaskInstance)).one()
        answer = session.scalars(select(XComModel.value)).all()
        ended = {"state": str(instance.state), "answer": answer}
        sys.stdout.write(f"{json.dumps(ended)}\n")


if __name__ == "__main__":
    after() if sys.argv[1] == "--after" else ready(sys.argv[1])
