"""The database's part of MIGRATE and RETURN: the clone, its upgrade, and the exchange of names.

The name of the live database never changes for whoever uses it (Odoo, backups, the F29): two databases change names.
Which is which is known by oid, and for filestore folders by inode, written to the journal before anything moves.
"""

from ofitec.deploy.host.machine import manifests
from ofitec.deploy.host.machine.database import Databases
from ofitec.deploy.host.machine.engine import Engine
from ofitec.deploy.host.machine.filestore import Filestore
from ofitec.deploy.host.record.journal import Journal, Step
from ofitec.deploy.host.record.plans import Plan
from ofitec.errors import PermanentError


def make_clone(engine: Engine, journal: Journal) -> None:
    """Copy the live database and its filestore under names that only this run has."""
    home, database = engine.home, Databases(engine)
    new = f"{home.database}_new_{journal.run}"
    with journal.step(Step.CLONE_DATABASE):
        if database.oid(new):
            raise PermanentError(f"There is a database {new} already, which this run did not make. Nothing was done.")
        # from here on a database of this name is ours: it was not there before
        journal.note(new_name=new, kept_name=f"{home.database}_before_{journal.run}", own_clone=True)
        oid = database.clone(home.database, new, f"ofitec: clone for release {journal.run}")
        journal.note(new_oid=oid)
    with journal.step(Step.CLONE_FILESTORE):
        live_inode, new_inode = _store(engine, journal).clone(home.database, new)
        journal.note(live_inode=live_inode, new_inode=new_inode)


def take_kept(engine: Engine, journal: Journal) -> None:
    """RETURN: the kept database comes back under the live name; the live one is kept in its turn."""
    home = engine.home
    plan = journal.plan
    store = _store(engine, journal)
    with journal.step(Step.TAKE_KEPT):
        journal.note(
            new_name=plan.returns_to, new_oid=plan.returns_oid, own_clone=False,
            kept_name=f"{home.database}_discarded_{journal.run}",
            live_inode=store.inode(home.database), new_inode=store.inode(plan.returns_to),
        )  # fmt: skip


def upgrade(engine: Engine, journal: Journal, *, timeout: float) -> None:
    """`odoo -u` on the clone, then the checks that its exit status does not give.

    :raises OfitecError: if it failed, took too long, or left modules behind
    """
    run_upgrade(engine, journal.plan, journal.facts["new_name"], run=journal.run, timeout=timeout)


def run_upgrade(engine: Engine, plan: Plan, database: str, *, run: str, timeout: float) -> None:
    """Upgrade a database that nobody uses with the plan's image and modules."""
    modules = ",".join(change.name for change in plan.modules)
    log = engine.home.state / "logs" / f"{run}-upgrade.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    argv = ["/usr/bin/odoo", f"--database={database}", f"--update={modules}", "--stop-after-init", "--no-http",
            "--max-cron-threads=0", "--workers=0"]  # fmt: skip
    try:
        engine.task(plan.image, argv, run=run, what=f"odoo -u {modules}", timeout=timeout, log=log)
    finally:
        engine.end_task(run)
    manifests.check_upgraded(Databases(engine).modules(database), plan.versions)


def exchange(engine: Engine, journal: Journal) -> None:
    """The live database takes its kept name, the new one the live name; so do their filestores."""
    live, facts = engine.home.database, journal.facts
    _move(engine, journal, [(facts["live_oid"], facts["kept_name"]), (facts["new_oid"], live)])
    _store(engine, journal).rename(
        [(facts["live_inode"], live, facts["kept_name"]), (facts["new_inode"], facts["new_name"], live)]
    )
    Databases(engine).describe(facts["kept_name"], f"ofitec: as it was before release {journal.run}")


def exchange_back(engine: Engine, journal: Journal) -> None:
    """Undo `exchange`, however far it came: each database and folder gets the name it had."""
    live, facts = engine.home.database, journal.facts
    _move(engine, journal, [(facts["new_oid"], facts["new_name"]), (facts["live_oid"], live)])
    _store(engine, journal).rename(
        [(facts["new_inode"], live, facts["new_name"]), (facts["live_inode"], facts["kept_name"], live)]
    )


def drop_clone(engine: Engine, journal: Journal) -> None:
    """Drop what this run cloned, and only that; fine if it is not there."""
    facts = journal.facts
    if not facts.get("own_clone"):
        return
    database = Databases(engine)
    name = facts["new_name"]
    oid = facts.get("new_oid") or database.oid(name)
    if oid and database.name(oid) == name:
        database.drop(name, oid=oid, never=(engine.home.database, facts["kept_name"]))
    store = _store(engine, journal)
    if inode := facts.get("new_inode") or store.inode(name):
        store.remove(name, inode=inode)


def _move(engine: Engine, journal: Journal, moves: list[tuple[int, str]]) -> None:
    database = Databases(engine)
    for oid, to in moves:
        name = database.name(oid)
        if not name:
            raise PermanentError(
                f"The database with oid {oid} of run {journal.run} is gone. Touch nothing; call for help."
            )
        if name != to:
            database.rename(name, to)
        # only the live name lets users in
        if to == engine.home.database:
            database.unfence(to)


def _store(engine: Engine, journal: Journal) -> Filestore:
    return Filestore(engine, journal.plan.image, journal.run)
