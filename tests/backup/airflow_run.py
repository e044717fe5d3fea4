"""Runs DAGs in this process, each by `dag.test()`: python -m tests.backup.airflow_run '[["dag", {conf}], ...]'.

Prints one JSON line for each run: the DAG, its state, its tasks' states, and what they returned.
"""

import json
import sys
from pathlib import Path
from typing import Any

DAGS = Path(__file__).parents[2] / "dags"


def run(dag_id: str, conf: dict[str, Any]) -> dict[str, Any]:
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=str(DAGS / f"{dag_id}.py"), bundle_path=DAGS, bundle_name="dags-folder")
    dag = bag.dags[dag_id]
    # Airflow 3.3.2 crashes in dag.test() of a DAG with a deadline; its scheduler does not.
    dag.deadline = None
    done = dag.test(run_conf=conf)
    tasks = {instance.task_id: str(instance.state) for instance in done.get_task_instances()}
    returned = {instance.task_id: instance.xcom_pull(instance.task_id) for instance in done.get_task_instances()}
    return {"dag": dag_id, "state": str(done.state), "tasks": tasks, "returned": returned}


if __name__ == "__main__":
    from airflow.utils.db import initdb

    initdb()
    for name, conf in json.loads(sys.argv[1]):
        sys.stdout.write("RUN " + json.dumps(run(name, conf), default=str) + "\n")
        sys.stdout.flush()
