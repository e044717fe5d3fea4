"""Look before touching: the checks before a deploy or a rollback, and the plan that a person approves."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from ofitec.deploy.host.machine import manifests, smoke
from ofitec.deploy.host.machine.database import Databases
from ofitec.deploy.host.machine.engine import Engine, check_reference
from ofitec.deploy.host.machine.proxy import LONGEST_HOLD, Proxy
from ofitec.deploy.host.record import lock, plans, releases
from ofitec.deploy.host.record.home import Home
from ofitec.deploy.host.record.journal import RUNNING, STUCK, Journal
from ofitec.deploy.host.record.plans import Mode, Plan
from ofitec.deploy.host.record.releases import Release
from ofitec.deploy.host.record.terms import Terms
from ofitec.deploy.host.run import admit
from ofitec.errors import InputError, PermanentError

# Free disk before an upgrade, in sizes of the database: the rehearsal's dump and copy, then the clone.
_DISK_FACTOR = 2.5
_DISK_RESERVE = 512 * 1024**2  # bytes, for the image's layers and PostgreSQL's log


def new_run() -> str:
    """A name that no other run has; it becomes part of names of databases."""
    return f"{datetime.now(UTC):%Y%m%d%H%M%S}{secrets.token_hex(2)}"


def deploy(
    home: Home, *, run: str, who: str, image: str, modules: list[str], terms: Terms, upgrade_hours: str = ""
) -> Plan:
    """Take the lock, check, pull, classify. On any refusal the lock is given back and nothing was changed.

    :param modules: modules to upgrade beside those whose manifest version rose
    :param upgrade_hours: the hours of an upgrade, where the terms name none
    :return: the plan, also kept in state/plans
    """
    check_reference(image)
    admit.require_known(home, image)
    with locked(home, run=run, who=who, why=f"deploy of {image}"):
        engine = Engine(home)
        current = preflight(home, engine)
        pinned = engine.pull(image)
        admit.require_signed(home, pinned)
        if pinned == current.image and not modules:
            raise InputError(f"{pinned} serves already, since {current.at}. Nothing to do.")
        database = Databases(engine)
        installed = database.modules(home.database)
        found = manifests.read(engine, pinned, installed.keys() | set(modules))
        mode, changes = manifests.classify(installed, found, modules)
        if mode is Mode.MIGRATE and not terms.hours:
            terms = replace(terms, hours=upgrade_hours)
        plan = Plan(
            run=run,
            who=who,
            requested=image,
            image=pinned,
            mode=mode,
            colour=other(current.colour),
            database=home.database,
            current=replace(current, sources={}),
            terms=terms,
            modules=tuple(changes),
            versions={name: version for name, (version, _) in found.modules.items()},
            sources={name: digest for name, (_, digest) in found.modules.items()},
            silent_changes=tuple(manifests.silent_changes(found, current.sources, changes)),
            database_bytes=database.size(home.database),
            disk_free_bytes=database.free_bytes(),
            workers=engine.chosen_workers(f"odoo-{current.colour}"),
            hold_seconds=_hold_seconds(home),
        )
        if mode is Mode.MIGRATE:
            require_disk(plan.database_bytes, plan.disk_free_bytes)
        plans.save(home, plan)
    return plan


def rollback(home: Home, *, run: str, who: str, terms: Terms, discard_since: str = "") -> Plan:
    """Take the lock and plan the way back to the release before: to its code, and to its database if it had another.

    :param discard_since: the moment of the upgrade, as the refusal names it: what users wrote since then goes out of
        sight, into a kept database
    :raises PermanentError: if the way back would lose sight of written rows and that was not allowed
    """
    with locked(home, run=run, who=who, why="rollback"):
        engine = Engine(home)
        # the serving version may be the broken one: it need not work to be left
        current = preflight(home, engine, must_work=False)
        target = releases.load(home).previous
        engine.pull(target.image)
        database = Databases(engine)
        if current.kept_database:
            _require_return(current, database, discard_since)
        plan = Plan(
            run=run,
            who=who,
            requested=plans.ROLLBACK,
            image=target.image,
            mode=Mode.RETURN if current.kept_database else Mode.CODE,
            colour=other(current.colour),
            database=home.database,
            current=replace(current, sources={}),
            terms=terms,
            sources=target.sources,
            database_bytes=database.size(home.database),
            disk_free_bytes=database.free_bytes(),
            hold_seconds=_hold_seconds(home),
            returns_to=current.kept_database,
            returns_oid=current.kept_oid,
            workers=engine.chosen_workers(f"odoo-{current.colour}"),
        )
        plans.save(home, plan)
    return plan


def _hold_seconds(home: Home) -> float:
    return min(home.seconds("OFITEC_HOLD_SECONDS"), LONGEST_HOLD)


def _require_return(current: Release, database: Databases, discard_since: str) -> None:
    """Refuse to bring back a database that is gone, or to hide written rows without a yes to that."""
    if database.oid(current.kept_database) != current.kept_oid:
        raise PermanentError(
            f"The database from before the current release, {current.kept_database}, is gone. Restore a backup "
            "instead (docs/disaster-recovery.md)."
        )
    if discard_since != current.at:
        raise PermanentError(
            f"The current release upgraded the database at {current.at}. Going back hides what users wrote "
            "since then (it stays in a kept database). If that is meant, run the rollback with "
            f"`--discard-writes-since {current.at}`."
        )


@contextmanager
def locked(home: Home, *, run: str, who: str, why: str) -> Iterator[None]:
    """Take the lock; keep it if the block succeeds, give it back if not."""
    lock.acquire(home, run=run, who=who, why=why)
    try:
        yield
    except BaseException:
        lock.release(home, run)
        raise


def approved(home: Home, run: str) -> Plan:
    """The plan of a run that holds the lock.

    :raises Locked: if it does not
    :raises InputError: if it has no plan, or another release serves by now
    """
    lock.require(home, run)
    plan = plans.load(home, run)
    now = releases.load(home).current
    if (now.run, now.colour) != (plan.current.run, plan.current.colour):
        raise InputError("Another release serves since this was planned. Plan again.")
    return plan


def settled(home: Home) -> None:
    """Refuse while an interrupted run waits for `recover`.

    :raises PermanentError: names the run and its step
    """
    last = Journal.load(home)
    if last is not None and last.data["status"] in (RUNNING, STUCK):
        raise PermanentError(
            f"Run {last.run} is not settled: it stopped in step {last.reached or 'none'} "
            f"({last.data['error'] or 'interrupted'}). Run `recover` first."
        )


def preflight(home: Home, engine: Engine, *, must_work: bool = True) -> Release:
    """Read-only checks of what serves now.

    :raises PermanentError: what is not as a run needs it
    """
    settled(home)
    current = releases.load(home).current
    entries = Proxy(home).entries()
    if entries["active"] != current.colour:
        raise PermanentError(
            f"HAProxy sends users to {entries['active']}, but the record says {current.colour}. Run `recover`."
        )
    if must_work:
        if why := engine.down(f"odoo-{current.colour}"):
            raise PermanentError(f"What serves now is not well, so a deploy could not return to it: {why}")
        smoke.check(home, current.colour, home.database)
    return current


def require_disk(database_bytes: int, free: int) -> None:
    """Refuse an upgrade that would fill PostgreSQL's disk; both in bytes.

    :raises PermanentError: with both figures
    """
    needed = int(database_bytes * _DISK_FACTOR) + _DISK_RESERVE
    if free < needed:
        raise PermanentError(
            f"PostgreSQL's disk has {free / 1024**3:.2f} GiB free and the upgrade needs {needed / 1024**3:.2f} GiB "
            f"({_DISK_FACTOR} times the database and {_DISK_RESERVE / 1024**3:.1f} GiB). Free some; `prune` removes "
            "databases of old releases."
        )


def other(colour: str) -> str:
    """The colour that does not serve."""
    return "green" if colour == "blue" else "blue"
