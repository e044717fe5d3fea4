"""The way back: whatever step a run reached, the old version serves again, unless users have written since."""

from collections.abc import Callable

from ofitec.deploy.host.machine import smoke
from ofitec.deploy.host.machine.database import Databases
from ofitec.deploy.host.machine.engine import Engine
from ofitec.deploy.host.machine.proxy import Proxy
from ofitec.deploy.host.record import lock
from ofitec.deploy.host.record.home import Home, say
from ofitec.deploy.host.record.journal import STUCK, UNDONE, Journal, Step
from ofitec.deploy.host.record.plans import Mode, Plan
from ofitec.deploy.host.run import exchange
from ofitec.errors import PermanentError


class PointOfNoReturn(PermanentError):
    """Users have written to the upgraded database: going back is a person's decision."""


def undo(home: Home, journal: Journal, why: str, *, decided: bool = False) -> None:
    """Make the old version serve again and settle the journal. May be repeated; decides by what is, not by hope.

    That it began is written down first: a `recover` after a kill goes on with it, and does not finish what failed.

    :param why: the failure that asks for it
    :param decided: a person chose to lose sight of rows written since the switch
    :raises PointOfNoReturn: if users wrote to the new database; the new version serves
    :raises PermanentError: if the way back itself failed; the journal says `stuck`, `recover` tries again
    """
    _try_to(lambda: journal.note(undoing=why))
    try:
        if journal.plan.mode is Mode.CODE:
            _code(home, journal)
        else:
            _database(home, journal, why, decided=decided)
    except PointOfNoReturn as error:
        reason = str(error)
        _try_to(lambda: journal.settle(STUCK, reason))
        raise
    except Exception as error:  # noqa: BLE001 - whatever it was, the journal must say that the way back is open
        reason = f"{why} Then the way back failed: {error}"
        _try_to(lambda: journal.settle(STUCK, reason))
        raise PermanentError(f"{reason} Mend that, then run `recover`: it may be repeated.") from None
    try:
        journal.settle(UNDONE, why)
    except OSError as error:
        raise PermanentError(
            f"{why} The version before serves again, but that could not be written down ({error}). Free the disk, then "
            "run `recover`: it may be repeated."
        ) from None
    lock.release(home, journal.run)


def _try_to(write: Callable[[], None]) -> None:
    """Write if there is room: on a full disk the way back matters more than its record, and `recover` repeats it."""
    try:
        write()
    except OSError as error:
        say(f"The journal could not be written ({error}).")


def _code(home: Home, journal: Journal) -> None:
    engine, proxy = Engine(home), Proxy(home)
    plan = journal.plan
    old, new = plan.current.colour, f"odoo-{plan.colour}"
    if not engine.down(f"odoo-{old}"):
        proxy.switch(old)  # at once: it has served all the time
    else:  # the drain had begun
        engine.start(f"odoo-{old}")
        smoke.wait_until_works(engine, f"odoo-{old}", old, home.database)
        proxy.switch(old)
    proxy.drain(plan.colour, home.seconds("OFITEC_DRAIN_SECONDS"))
    engine.stop(new)
    _restart_cron(engine, plan)


def _database(home: Home, journal: Journal, why: str, *, decided: bool) -> None:
    engine, proxy = Engine(home), Proxy(home)
    database = Databases(engine)
    plan = journal.plan
    old, new = plan.current.colour, plan.colour
    if not journal.begun(Step.MAINTENANCE) or "live_oid" not in journal.facts:
        return
    proxy.hold(plan.hold_seconds)
    engine.stop("odoo-cron", f"odoo-{new}")
    engine.end_task(journal.run)
    if journal.begun(Step.SWITCH) and not decided:
        _require_unwritten(home, journal, why)
    if journal.begun(Step.EXCHANGE):
        exchange.exchange_back(engine, journal)
    exchange.drop_clone(engine, journal)
    database.unfence(home.database)
    engine.start(f"odoo-{old}")
    smoke.wait_until_works(engine, f"odoo-{old}", old, home.database)
    proxy.switch(old)
    _restart_cron(engine, plan)


def _require_unwritten(home: Home, journal: Journal, why: str) -> None:
    """The point of no return. Asked while nobody is connected; if it is passed, the new version serves again."""
    engine, proxy = Engine(home), Proxy(home)
    plan = journal.plan
    written = Databases(engine).written_since(home.database, journal.facts["moment"])
    if not written:
        return
    # from here on `recover` needs a person's answer, whatever happens to us
    _try_to(lambda: journal.note(undecided=True))
    colour = plan.colour
    engine.start(f"odoo-{colour}")
    smoke.wait_until_works(engine, f"odoo-{colour}", colour, home.database)
    proxy.switch(colour)
    at = journal.facts.get("switched_at", journal.data["begun"])
    shown = ", ".join(f"{table} {count}" for table, count in sorted(written.items())[:6])
    raise PointOfNoReturn(
        f"{why} Users wrote to the upgraded database since {at} ({shown}), so nothing returned by itself; the new "
        f"version serves. Keep it: `recover --keep-new`. Or return and hide those rows in a kept database: "
        f"`recover --discard-writes-since {at}`."
    )


def _restart_cron(engine: Engine, plan: Plan) -> None:
    engine.set_image("odoo-cron", plan.current.image)
    engine.start("odoo-cron")
