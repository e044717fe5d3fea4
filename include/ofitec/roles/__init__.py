"""Who may do what in Airflow: four roles, as code (`airflow ofitec roles`)."""
