"""A DAG of the tests: its tasks reach every service of the local stack through Airflow's connections."""

from typing import Any

from airflow.sdk import dag, task

from ofitec.dag import Given


@dag(dag_id="stack_probe", schedule=None, params={"word": "hola"})
def stack_probe() -> None:
    @task
    def s3(params: Any = None) -> str:
        from airflow.sdk import ObjectStoragePath

        path = ObjectStoragePath("s3://aws_default@ofitec-fiscal/probe.txt")
        path.write_text(params["word"])
        return path.read_text()

    @task
    def odoo() -> str:
        import odoorpc
        from airflow.sdk import Connection

        conn = Connection.get("odoo_default")
        rpc = odoorpc.ODOO(conn.host, port=conn.port)
        rpc.login(conn.extra_dejson["database"], conn.login, conn.password)
        return str(rpc.version)

    @task
    def databases() -> list[str]:
        from airflow.providers.postgres.hooks.postgres import PostgresHook

        return [PostgresHook(name).get_first("SELECT current_database()")[0] for name in ("ofitec_ledger", "odoo_db")]

    @task
    def programs() -> str:
        import subprocess

        subprocess.run(["pg_dump", "--version"], check=True, capture_output=True)
        return subprocess.run(["restic", "version"], check=True, capture_output=True, text=True).stdout

    @task
    def slack(word: Given, version: Given) -> None:
        from airflow.providers.slack.hooks.slack_webhook import SlackWebhookHook

        SlackWebhookHook(slack_webhook_conn_id="slack_default").send(text=f"{word} de Odoo {version}")

    slack(s3(), odoo())
    databases()
    programs()


stack_probe()
