"""Carries a plan out, step by step, each in the journal. Whatever fails, the old version serves again.

CODE and a rollback to code: the new colour starts beside the old one on the same database, and one map entry moves.
MIGRATE: requests wait or get the maintenance page, the database is cloned, the clone upgraded, and the two change
names; RETURN is the same with the database that was kept. The live database is never upgraded, and never dropped.
"""

import time

from ofitec.deploy.host.machine import smoke
from ofitec.deploy.host.machine.database import Databases
from ofitec.deploy.host.machine.engine import Engine
from ofitec.deploy.host.machine.proxy import Proxy
from ofitec.deploy.host.record import lock, releases, worker
from ofitec.deploy.host.record.home import Home
from ofitec.deploy.host.record.journal import DONE, STUCK, Journal, Step, now
from ofitec.deploy.host.record.plans import Mode, Plan
from ofitec.deploy.host.record.releases import Release
from ofitec.deploy.host.run import exchange, prune, supervise, undo
from ofitec.deploy.host.run.plan import approved
from ofitec.deploy.host.run.watch import watch
from ofitec.errors import OfitecError, PermanentError


def detached(home: Home, run: str) -> int:
    """Have the plan of a run carried out apart from whoever asked; returns the process that sees to it."""
    approved(home, run)
    return supervise.detach(home, ["apply", "--here", f"--run={run}"], run)


def apply(home: Home, run: str) -> Journal:
    """Carry out the plan of a run, on its own terms, in this process.

    :raises OfitecError: why it failed; the old version serves, or the error says what does
    """
    worker.mark(home, run)
    plan = approved(home, run)
    journal = Journal.begin(home, plan)
    try:
        if plan.mode is Mode.CODE:
            _code(home, journal)
        else:
            _exchange_database(home, journal)
    except Exception as error:  # whatever it was, the old version must serve again
        undo.undo(home, journal, _reason(error))
        raise
    finish(home, journal)
    return journal


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, OfitecError) else f"{type(error).__name__}: {error}"


def _code(home: Home, journal: Journal) -> None:
    engine, proxy = Engine(home), Proxy(home)
    plan = journal.plan
    colour, old = plan.colour, plan.current.colour
    service = f"odoo-{colour}"
    with journal.step(Step.START_NEW):
        _start_new(engine, service, plan)
    with journal.step(Step.SMOKE):
        smoke.wait_until_works(engine, service, colour, home.database)
    if plan.terms.canary_percent:
        with journal.step(Step.CANARY):
            proxy.canary(old, colour, plan.terms.canary_percent, journal.run)
            seen = watch(engine, proxy, colour, plan.terms.canary_seconds, beside=old)
            journal.note(canary_requests=seen.requests, canary_errors=seen.errors)
    with journal.step(Step.SWITCH):
        proxy.switch(colour)
    with journal.step(Step.WATCH):
        _watch(engine, proxy, journal, colour)


def _exchange_database(home: Home, journal: Journal) -> None:
    engine, proxy = Engine(home), Proxy(home)
    database = Databases(engine)
    plan = journal.plan
    colour, old = plan.colour, plan.current.colour
    service = f"odoo-{colour}"
    opened = time.monotonic()
    with journal.step(Step.MAINTENANCE):
        journal.note(live_oid=database.oid(home.database), maintenance_since=now())
        proxy.hold(plan.hold_seconds)
    with journal.step(Step.STOP_OLD):
        proxy.drain(old, home.seconds("OFITEC_DRAIN_SECONDS"))
        engine.stop("odoo-cron", f"odoo-{old}")
    with journal.step(Step.FENCE):
        database.fence(home.database)
    if plan.mode is Mode.MIGRATE:
        exchange.make_clone(engine, journal)
        with journal.step(Step.UPGRADE):
            left = max(plan.terms.window_seconds - (time.monotonic() - opened), 1)
            exchange.upgrade(engine, journal, timeout=left)
    else:
        exchange.take_kept(engine, journal)
    with journal.step(Step.EXCHANGE):
        exchange.exchange(engine, journal)
    with journal.step(Step.START_NEW):
        _start_new(engine, service, plan)
    with journal.step(Step.SMOKE):
        smoke.wait_until_works(engine, service, colour, home.database)
        journal.note(moment=database.mark_moment(home.database))
    with journal.step(Step.SWITCH):
        proxy.switch(colour)
        journal.note(switched_at=now(), maintenance_seconds=round(time.monotonic() - opened, 1))
    with journal.step(Step.WATCH):
        _watch(engine, proxy, journal, colour)


def _start_new(engine: Engine, service: str, plan: Plan) -> None:
    """Whatever that colour was before, it is the plan's image now, with the plan's workers."""
    engine.remove(service)
    engine.set_image(service, plan.image)
    engine.choose_workers(service, plan.workers)
    engine.start(service)


def _watch(engine: Engine, proxy: Proxy, journal: Journal, colour: str) -> None:
    seen = watch(engine, proxy, colour, journal.plan.terms.watch_seconds)
    journal.note(watched_requests=seen.requests, watched_errors=seen.errors)


def finish(home: Home, journal: Journal) -> None:
    """After the watch: write the record, move the scheduled jobs, stop the old colour, remove what is too old.

    Every step may be repeated, so `recover` calls this too.

    :raises PermanentError: if a step failed: the new version serves, `recover` goes on
    """
    try:
        _finish(home, journal)
    except Exception as error:  # noqa: BLE001 - the new version serves: whatever it was is told, and can be repeated
        journal.settle(STUCK, _reason(error))
        raise PermanentError(
            f"The new version serves, but its deploy could not be finished: {_reason(error)} "
            "Mend that, then run `recover`: it goes on from there."
        ) from None


def _record(home: Home, journal: Journal) -> None:
    plan = journal.plan
    if plan.is_resize:
        releases.move(home, plan.colour)
        return
    releases.add(
        home,
        Release(
            run=journal.run, image=plan.image, colour=plan.colour, mode=plan.mode,
            at=journal.facts.get("switched_at", now()),
            who=plan.who, sources=plan.sources,
            kept_database=journal.facts.get("kept_name", ""), kept_oid=journal.facts.get("live_oid", 0),
        ),
    )  # fmt: skip


def _finish(home: Home, journal: Journal) -> None:
    engine, proxy = Engine(home), Proxy(home)
    plan = journal.plan
    old = plan.current.colour
    with journal.step(Step.RECORD):
        _record(home, journal)
    with journal.step(Step.CRON):
        engine.set_image("odoo-cron", plan.image)
        engine.start("odoo-cron")
    with journal.step(Step.DRAIN):
        if not proxy.drain(old, home.seconds("OFITEC_DRAIN_SECONDS")):
            journal.note(cut=f"requests still ran on {old} after {home.settings['OFITEC_DRAIN_SECONDS']} s")
        engine.stop(f"odoo-{old}")
    with journal.step(Step.PRUNE):
        journal.note(pruned=prune.prune(home, engine))
    journal.settle(DONE)
    lock.release(home, journal.run)
