"""A DAG of the tests: it takes longer than its deadline, which is told as every DAG's is."""

from datetime import timedelta

from airflow.sdk import DeadlineAlert, DeadlineReference, dag, task  # type: ignore[attr-defined]  # its stub lacks some

from ofitec.dag import deadline


@dag(
    dag_id="late_probe",
    schedule=None,
    deadline=DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(seconds=3),
        callback=deadline(minutes=20).callback,
    ),
)
def late_probe() -> None:
    @task
    def slow() -> None:
        import time

        time.sleep(20)

    slow()


late_probe()
