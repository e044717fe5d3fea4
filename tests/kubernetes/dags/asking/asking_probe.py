"""A DAG of the tests: its task asks for a connection, as every task of ours does."""

from airflow.sdk import dag, task


@dag(dag_id="asking_probe", schedule=None)
def asking_probe() -> None:
    @task
    def ask() -> str:
        from ofitec.connections import connection

        return str(connection("odoo_default").host)

    ask()


asking_probe()
