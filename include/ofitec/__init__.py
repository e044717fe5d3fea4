"""OFITEC ops: the fiscal and operations calendar of a Chilean company on Odoo.

One folder a domain (`f29`, `notify`, `ledger`, ...), `clients` with one module a foreign system, `settings` as the one
place that reads `OFITEC_*`. Nothing here imports `dags` or `plugins`. Airflow is imported at the top of
the `dag_*` modules, which DAG files import while they are parsed, and of `board.access`, which lives in the API server;
everywhere else inside functions.
"""
