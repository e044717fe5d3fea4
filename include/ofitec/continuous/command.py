"""`airflow ofitec archive-config`: writes pgBackRest's configuration for the machine of Odoo's PostgreSQL."""

import sys
from pathlib import Path
from typing import Any

from ofitec.errors import OfitecError


def run(args: Any) -> None:
    """Write it whole, readable by its owner only; exit status 1 with a sentence if it cannot."""
    from ofitec.clients.pgbackrest import Cluster
    from ofitec.clients.pgbackrest_connection import pgbackrest
    from ofitec.whole_file import write_whole

    try:
        write_whole(Path(args.to), pgbackrest().configuration(cluster=Cluster(Path(args.data), args.port)))
    except OfitecError as error:
        sys.exit(str(error))
    print(f"{args.to} holds secrets: take it to PostgreSQL's machine, owner postgres, mode 0600.")  # noqa: T201
