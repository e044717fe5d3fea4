"""`airflow ofitec staging`: runs the staging Odoo, for a service of the machine that makes the copies."""

import logging
import signal
import sys
import threading
from typing import Any

from ofitec.errors import OfitecError


def run(args: Any) -> None:
    """Serve until TERM or Ctrl-C; exit status 1 with a sentence if it cannot."""
    from ofitec.backup.job import from_settings
    from ofitec.staging.serve import serve

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        serve(from_settings(), args.port, stop=stop)
    except OfitecError as error:
        sys.exit(str(error))
