"""Airflow's policy on a cluster: a task of the queue `ops` gets the pod that has filestore, work disk and Odoo.

A part of `include/kubernetes/values.yaml` (`helm --set-file airflowLocalSettings=...`). The dag-processor applies it to
each task it reads. KubernetesExecutor knows no queues; the queue stays the only thing that a task says.
"""

OPS_POD = "/opt/airflow/pods/ops.yaml"


def task_policy(task):  # type: ignore[no-untyped-def]  # imported by every process of Airflow: nothing is imported here
    """Name the pod's template for a task of that queue; Airflow calls it by this name."""
    if task.queue != "ops":
        return
    chosen = {"pod_template_file": OPS_POD}
    if hasattr(task, "partial_kwargs"):  # a mapped task has no place of its own for it
        task.partial_kwargs["executor_config"] = chosen
    else:
        task.executor_config = chosen
