"""Carries a plan out, step by step, each in the journal. Whatever fails, the old version serves again.

CODE and a rollback to code: the new colour starts beside the old one on the same database, and one map entry moves.
MIGRATE: maintenance page, the database is cloned, the clone upgraded, and the two change names; RETURN is the same with
the database that was kept. The live database is never upgraded, and never dropped.
"""

import time
from typing import Any

from ofitec.deploy.host.machine import manifests, smoke
from ofitec.deploy.host.machine.database import Database
from ofitec.deploy.host.machine.engine import Engine
from ofitec.deploy.host.machine.proxy import MAINTENANCE, Proxy
from ofitec.deploy.host.record import lock, releases
from ofitec.deploy.host.record.home import Home
from ofitec.deploy.host.record.journal import DONE, STUCK, Journal, now
from ofitec.deploy.host.record.releases import Release
from ofitec.deploy.host.run import exchange, plan, prune, undo
from ofitec.deploy.host.run.watch import watch
from ofitec.errors import OfitecError, PermanentError


def apply(
    home: Home, run: str, *, window: float = 600, watch_seconds: float = 60, canary: int = 0, canary_seconds: float = 0
) -> Journal:
    """Carry out the plan of a run.

    :param window: seconds of maintenance allowed before the upgrade is given up (MIGRATE)
    :param watch_seconds: how long the new version is watched before the old one stops
    :param canary: percent of the new sessions that try the new version first (CODE); 0 for none
    :raises OfitecError: why it failed; the old version serves, or the error says what does
    """
    chosen = plan.load(home, run)
    journal = Journal.begin(
        home, run, chosen["mode"], plan=chosen, window=window, watch=watch_seconds, canary=canary,
        canary_seconds=canary_seconds,
    )  # fmt: skip
    try:
        if chosen["mode"] == manifests.CODE:
            _code(home, journal)
        else:
            _exchange_database(home, journal)
    except Exception as error:  # whatever it was, the old version must serve again
        undo.undo(home, journal, _said(error))
        raise
    finish(home, journal)
    return journal


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, OfitecError) else f"{type(error).__name__}: {error}"


def _code(home: Home, journal: Journal) -> None:
    engine, proxy = Engine(home), Proxy(home)
    chosen: dict[str, Any] = journal.facts["plan"]
    colour, old = chosen["colour"], chosen["current"]["colour"]
    service = f"odoo-{colour}"
    with journal.step("start_new"):
        engine.remove(service)
        engine.set_image(service, chosen["image"])
        engine.start(service)
    with journal.step("smoke"):
        smoke.wait_until_works(engine, service, colour, home.database)
    if journal.facts["canary"]:
        with journal.step("canary"):
            proxy.canary(old, colour, journal.facts["canary"], journal.run)
            seen = watch(engine, proxy, colour, journal.facts["canary_seconds"], beside=old)
            journal.note(canary_requests=seen.requests, canary_errors=seen.errors)
    with journal.step("switch"):
        proxy.switch(colour)
    with journal.step("watch"):
        _watch(engine, proxy, journal, colour)


def _exchange_database(home: Home, journal: Journal) -> None:
    engine, proxy, database = Engine(home), Proxy(home), Database(Engine(home))
    chosen: dict[str, Any] = journal.facts["plan"]
    colour, old = chosen["colour"], chosen["current"]["colour"]
    service = f"odoo-{colour}"
    opened = time.monotonic()
    with journal.step("maintenance"):
        journal.note(live_oid=database.oid(home.database), maintenance_since=now())
        proxy.switch(MAINTENANCE)
    with journal.step("stop_old"):
        proxy.drain(old, home.seconds("OFITEC_DRAIN_SECONDS"))
        engine.stop("odoo-cron", f"odoo-{old}")
    with journal.step("fence"):
        database.fence(home.database)
    if chosen["mode"] == manifests.MIGRATE:
        exchange.make_clone(engine, journal)
        with journal.step("upgrade"):
            left = max(journal.facts["window"] - (time.monotonic() - opened), 1)
            exchange.upgrade(engine, journal, timeout=left)
    else:
        exchange.take_kept(engine, journal)
    with journal.step("exchange"):
        exchange.exchange(engine, journal)
    with journal.step("start_new"):
        engine.remove(service)
        engine.set_image(service, chosen["image"])
        engine.start(service)
    with journal.step("smoke"):
        smoke.wait_until_works(engine, service, colour, home.database)
        journal.note(moment=database.mark_moment(home.database))
    with journal.step("switch"):
        proxy.switch(colour)
        journal.note(switched_at=now(), maintenance_seconds=round(time.monotonic() - opened, 1))
    with journal.step("watch"):
        _watch(engine, proxy, journal, colour)


def _watch(engine: Engine, proxy: Proxy, journal: Journal, colour: str) -> None:
    seen = watch(engine, proxy, colour, journal.facts["watch"])
    journal.note(watched_requests=seen.requests, watched_errors=seen.errors)


def finish(home: Home, journal: Journal) -> None:
    """After the watch: write the record, move the scheduled jobs, stop the old colour, remove what is too old.

    Every step may be repeated, so `recover` calls this too.

    :raises PermanentError: if a step failed: the new version serves, `recover` goes on
    """
    try:
        _finish(home, journal)
    except Exception as error:  # noqa: BLE001 - the new version serves: whatever it was is told, and can be repeated
        journal.settle(STUCK, _said(error))
        raise PermanentError(
            f"The new version serves, but its deploy could not be finished: {_said(error)} "
            "Mend that, then run `recover`: it goes on from there."
        ) from None


def _finish(home: Home, journal: Journal) -> None:
    engine, proxy = Engine(home), Proxy(home)
    chosen: dict[str, Any] = journal.facts["plan"]
    old = chosen["current"]["colour"]
    with journal.step("record"):
        releases.add(
            home,
            Release(
                run=journal.run, image=chosen["image"], colour=chosen["colour"], mode=chosen["mode"],
                at=journal.facts.get("switched_at", now()),
                who=chosen["who"], sources=chosen["sources"],
                kept_database=journal.facts.get("kept_name", ""), kept_oid=journal.facts.get("live_oid", 0),
            ),
        )  # fmt: skip
    with journal.step("cron"):
        engine.set_image("odoo-cron", chosen["image"])
        engine.start("odoo-cron")
    with journal.step("drain"):
        if not proxy.drain(old, home.seconds("OFITEC_DRAIN_SECONDS")):
            journal.note(cut=f"requests still ran on {old} after {home.settings['OFITEC_DRAIN_SECONDS']} s")
        engine.stop(f"odoo-{old}")
    with journal.step("prune"):
        journal.note(pruned=prune.prune(home, engine))
    journal.settle(DONE)
    lock.release(home, journal.run)
