"""The program that deploys on Odoo's own host. Standard library only: it travels there as one file.

It is driven over SSH by Airflow, or by a person at a terminal (`make deploy`). What changes the host runs detached and
writes a journal, so that neither a dead Airflow nor a lost connection leaves the company without Odoo.
"""
