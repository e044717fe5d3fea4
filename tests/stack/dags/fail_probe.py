"""A DAG of the tests: it fails each time it runs, as a task of ours does."""

from airflow.sdk import dag, task

from ofitec.dag import DAG_DEFAULTS


@dag(dag_id="fail_probe", schedule=None, **DAG_DEFAULTS)
def fail_probe() -> None:
    @task
    def fail(ti: object = None) -> None:
        from ofitec.errors import PermanentError

        raise PermanentError(f"It fails for the time {getattr(ti, 'try_number', 0)}.")

    fail()


fail_probe()
