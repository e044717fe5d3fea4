"""The upgrade's rehearsal on a copy: neutralised, with scheduled jobs off, timed. The live version is not touched."""

import time

from ofitec.deploy.host.machine import smoke
from ofitec.deploy.host.machine.database import Databases
from ofitec.deploy.host.machine.engine import Engine
from ofitec.deploy.host.machine.filestore import Filestore
from ofitec.deploy.host.record.home import Home
from ofitec.deploy.host.run import exchange
from ofitec.deploy.host.run.plan import approved
from ofitec.errors import PermanentError
from ofitec.whole_file import write_whole

_SERVICE = "odoo-rehearsal"
_REST = 8.0  # seconds to stop the old containers, fence and rename databases: about the same for any database


def rehearse(home: Home, run: str) -> dict[str, float]:
    """Copy, neutralise, upgrade, boot and smoke; then remove the copy.

    :return: seconds: {"copy", "files", "neutralise", "upgrade", "boot", "clone", "predicted"}; predicted is the time
        without service
    :raises OfitecError: if any of it failed, or would take longer than the plan's window
    """
    plan = approved(home, run)
    window = plan.terms.window_seconds
    engine = Engine(home)
    database, store = Databases(engine), Filestore(engine, plan.image, run)
    copy = f"{home.database}_rehearsal_{run}"
    if database.oid(copy):
        _clean(engine, database, store, copy)
    log = home.state / "logs" / f"{run}-rehearsal.log"
    write_whole(log, "", mode=0o644)
    times: dict[str, float] = {}
    try:
        with _timed(times, "copy"):
            database.copy_live(home.database, copy)
        with _timed(times, "files"):
            store.clone(home.database, copy)
        with _timed(times, "neutralise"):
            argv = ["/usr/bin/odoo", "neutralize", f"--database={copy}"]
            engine.task(plan.current.image, argv, run=run, what="odoo neutralize", log=log)
        with _timed(times, "upgrade"):
            exchange.run_upgrade(engine, plan, copy, run=run, timeout=max(4 * window, 60))
        with _timed(times, "boot"):
            engine.remove(_SERVICE)
            engine.start(_SERVICE, ODOO_REHEARSAL_IMAGE=plan.image, ODOO_REHEARSAL_DB=copy)
            smoke.wait_until_works(engine, _SERVICE, "rehearsal", copy)
        with _timed(times, "clone"):
            # what the window's own copy will take, measured on the same data
            engine.remove(_SERVICE)
            database.fence(copy)
            database.clone(copy, f"{copy}_2", "ofitec: rehearsal")
    finally:
        _clean(engine, database, store, copy)
    # the window touches the files twice: their copy, and the exchange of names
    known = times["clone"] + 2 * times["files"] + times["upgrade"] + times["boot"]
    times["predicted"] = round(known + _REST, 1)
    if times["predicted"] > window:
        raise PermanentError(
            f"The rehearsal says that the upgrade takes {times['predicted']:.0f} s without service "
            f"(upgrade {times['upgrade']:.0f} s), and the window allows {window:.0f} s. Nothing was changed; "
            "allow a longer window, at a quieter hour."
        )
    return times


class _timed:  # noqa: N801 - reads as a statement
    def __init__(self, times: dict[str, float], name: str) -> None:
        self._times, self._name = times, name

    def __enter__(self) -> None:
        self._start = time.monotonic()

    def __exit__(self, *_: object) -> None:
        self._times[self._name] = round(time.monotonic() - self._start, 2)


def _clean(engine: Engine, database: Databases, store: Filestore, copy: str) -> None:
    """Remove what a rehearsal made; its names hold the run's, so they are nobody else's."""
    engine.remove(_SERVICE)
    for name in (f"{copy}_2", copy):
        if oid := database.oid(name):
            database.drop(name, oid=oid, never=(engine.home.database,))
    if inode := store.inode(copy):
        store.remove(copy, inode=inode)
