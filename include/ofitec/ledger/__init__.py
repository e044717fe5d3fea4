"""The ledger: PostgreSQL schema `ofitec`, the audit trail behind the board and the metrics.

It is also what makes a delivery or a notification happen once. Airflow itself holds no business state.
"""

from ofitec.ledger.store import Ledger, open_ledger

__all__ = ["Ledger", "open_ledger"]
