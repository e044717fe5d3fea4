"""A DAG of the tests: by the calendar, once, as soon as it is un-paused."""

from datetime import UTC, datetime

from airflow.sdk import dag, task

from ofitec.dag import DAG_DEFAULTS, Tag


@dag(
    dag_id="ping_probe",
    schedule="@once",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    tags=[Tag.SCHEDULED],
    **DAG_DEFAULTS,
)
def ping_probe() -> None:
    @task
    def first() -> int:
        return 1

    @task
    def second(number: int) -> int:
        return number + 1

    second(first())  # type: ignore[arg-type]


ping_probe()
