"""The OFITEC board and its metrics: what the ledger and Airflow know, for people and for Prometheus."""
