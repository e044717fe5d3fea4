"""`airflow ofitec migrate`."""

import argparse
import os
import sys


def migrate(args: argparse.Namespace) -> None:
    """Bring the ledger's schema to this package's revision; every other process does so by itself when it opens it."""
    os.environ["_AIRFLOW_PROCESS_CONTEXT"] = "server"  # connections of Airflow's own database too, as its CLI does
    from ofitec.errors import OfitecError
    from ofitec.ledger.store import open_ledger, revision

    try:
        ledger = open_ledger()
    except OfitecError as error:
        sys.exit(str(error))
    with ledger.engine.connect() as conn:
        print(f"The ledger's schema is at revision {revision(conn)}.")  # noqa: T201
