"""Run by the tests in a process of its own, configured as a cluster's scheduler is: each DAG that has a deadline misses
it, and the scheduler's own code hands out what is to be called. Prints who got it."""

import json
import sys
from pathlib import Path
from typing import Any

from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
from airflow.jobs.job import Job
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
from airflow.models.callback import Callback
from airflow.models.dagbundle import DagBundleModel
from airflow.models.deadline import Deadline
from airflow.models.serialized_dag import SerializedDagModel
from airflow.models.trigger import Trigger
from airflow.providers.cncf.kubernetes.executors.kubernetes_executor import KubernetesExecutor
from airflow.sdk import timezone
from airflow.utils.db import initdb
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from sqlalchemy import select


def main(folder: str) -> None:
    """Print {dags, callbacks, triggers, executor, refused}."""
    initdb()
    bag = DagBag(dag_folder=folder, bundle_path=Path(folder), bundle_name="ofitec")
    with create_session() as session:
        session.add(DagBundleModel(name="ofitec"))
    sync_bag_to_db(bag, "ofitec", "0.1.0")
    executor = KubernetesExecutor()  # type: ignore[no-untyped-call]
    scheduler = SchedulerJobRunner(job=Job(), executors=[executor])  # type: ignore[no-untyped-call]
    late = sorted(dag.dag_id for dag in bag.dags.values() if dag.deadline)
    with create_session() as session:
        for dag_id in late:
            start(dag_id, session)
        session.flush()
        deadlines = session.scalars(select(Deadline)).all()
        for deadline in deadlines:
            deadline.handle_miss(session)
        session.flush()
        refused = ""
        try:
            scheduler._enqueue_executor_callbacks(session)
        except NotImplementedError as error:
            refused = str(error)
        told = {
            "dags": late,
            "missed": len(deadlines),
            "callbacks": sorted(str(one.type) for one in session.scalars(select(Callback))),
            "triggers": [one.classpath for one in session.scalars(select(Trigger))],
            "executor": len(executor.queued_callbacks),
            "refused": refused,
        }
    sys.stdout.write(f"{json.dumps(told)}\n")


def start(dag_id: str, session: Any) -> None:
    """A run of it, with its deadlines, as the scheduler makes it."""
    dag = SerializedDagModel.get_dag(dag_id, session=session)
    assert dag is not None
    now = timezone.utcnow()
    dag.create_dagrun(
        run_id="manual__1",
        run_type=DagRunType.MANUAL,
        triggered_by=DagRunTriggeredByType.TEST,
        state=DagRunState.QUEUED,
        logical_date=now,
        data_interval=(now, now),
        run_after=now,
        session=session,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
