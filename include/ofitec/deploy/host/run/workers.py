"""How many processes of Odoo answer requests: what serves has, and the plan of another number."""

from dataclasses import replace

from ofitec.deploy.host.machine.engine import Engine
from ofitec.deploy.host.record import plans, releases
from ofitec.deploy.host.record.home import Home
from ofitec.deploy.host.record.plans import Mode, Plan
from ofitec.deploy.host.record.terms import Terms
from ofitec.deploy.host.run.plan import locked, other, preflight
from ofitec.errors import InputError

_MOST = 64


def workers(home: Home) -> dict[str, int]:
    """{workers, cron_threads}: the first of what serves, as its container was started.

    :raises PermanentError: if nothing serves
    """
    engine, current = Engine(home), releases.load(home).current
    return {"workers": engine.workers(f"odoo-{current.colour}"), "cron_threads": home.count("ODOO_CRON_THREADS")}


def resize(home: Home, *, run: str, who: str, number: int, terms: Terms) -> Plan:
    """Take the lock and plan the serving release again, on the other colour, with another number of workers.

    It stays the release that it is: a rollback afterwards leads to the one before it.

    :param number: processes of Odoo that answer requests
    :raises InputError: if it cannot be meant, or serves already
    """
    if not 1 <= number <= _MOST:
        raise InputError(f"{number} workers cannot be meant: at least 1 and at most {_MOST}.")
    with locked(home, run=run, who=who, why=f"{number} workers"):
        engine = Engine(home)
        current = preflight(home, engine)
        if engine.workers(f"odoo-{current.colour}") == number:
            raise InputError(f"Odoo has {number} workers already. Nothing to do.")
        plan = Plan(
            run=run,
            who=who,
            requested=plans.WORKERS,
            image=current.image,
            mode=Mode.CODE,
            colour=other(current.colour),
            database=home.database,
            current=replace(current, sources={}),
            terms=terms,
            workers=number,
        )
        plans.save(home, plan)
    return plan
