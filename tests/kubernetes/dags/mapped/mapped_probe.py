"""A DAG of the tests: a mapped task of the queue `ops`."""

from airflow.sdk import dag, task

from ofitec.backup.tasks import OPS


@dag(dag_id="mapped_probe", schedule=None)
def mapped_probe() -> None:
    @task(queue=OPS)
    def each(number: int) -> int:
        return number

    each.expand(number=[1, 2])


mapped_probe()
