"""OFITEC ops: the fiscal and operations calendar of a Chilean company on Odoo.

One folder a domain (`f29`, `notify`, `ledger`, ...), `clients` with one module a foreign system, `settings` as the one
place that reads `OFITEC_*`. Nothing here imports `dags` or `plugins`. Airflow is imported at the top of `dag` and the
domains' `tasks`, which DAG files import while they are parsed, and of what only Airflow itself loads (`package`, the
board's `plugin` and `access`, a doctor's check); everywhere else inside functions.
"""
