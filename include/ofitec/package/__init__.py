"""What makes the wheel a part of Airflow: its provider entry, connection forms, DAG bundle and command line."""
