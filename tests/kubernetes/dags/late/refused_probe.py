"""A DAG of the tests whose deadline calls the executor, as none of ours does: a cluster's scheduler cannot."""

from datetime import timedelta

from airflow.sdk import DeadlineAlert, DeadlineReference, SyncCallback, dag, task  # type: ignore[attr-defined]


def called() -> None:
    """What a missed deadline would call."""


@dag(
    dag_id="refused_probe",
    schedule=None,
    deadline=DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT, interval=timedelta(minutes=1), callback=SyncCallback(called)
    ),
)
def refused_probe() -> None:
    @task
    def nothing() -> None: ...

    nothing()


refused_probe()
