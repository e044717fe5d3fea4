"""Every start of what the record says. Nothing that exists is overwritten."""

from ofitec.deploy.host.machine import smoke
from ofitec.deploy.host.machine.database import Databases
from ofitec.deploy.host.machine.engine import Engine
from ofitec.deploy.host.machine.proxy import Proxy, ProxyDown
from ofitec.deploy.host.record import releases
from ofitec.deploy.host.record.home import Home
from ofitec.deploy.host.run import plan, secrets
from ofitec.errors import PermanentError


def up(home: Home) -> dict[str, str]:
    """Start PostgreSQL with its roles, HAProxy, and the recorded release if there is one.

    A colour that is not current stays as it is: its image may be older than the database.

    :raises PermanentError: while a run is under way or unsettled: the record does not say yet what serves
    """
    plan.settled(home)
    secrets.make(home)
    home = Home.open(home.root)
    engine = Engine(home)
    servers(engine)
    if not releases.load(home).releases:
        return {"image": "", "colour": "", "next": "No release yet: `init --image registry/name@sha256:...`"}
    current = releases.load(home).current
    hand_over(engine, current.image)
    for service in (f"odoo-{current.colour}", "odoo-cron"):
        engine.start(service)
    smoke.wait_until_works(engine, f"odoo-{current.colour}", current.colour, home.database)
    Proxy(home).switch(current.colour)
    return {"image": current.image, "colour": current.colour, "next": ""}


def servers(engine: Engine) -> None:
    """Start PostgreSQL with its roles, and HAProxy.

    :raises PermanentError: what does not come up says why
    """
    for service in ("db", "proxy"):
        engine.start(service)
    try:
        Proxy(engine.home).wait(15)
    except ProxyDown as error:
        raise PermanentError(f"{error} {engine.crashed('proxy')}") from None
    database = Databases(engine)
    database.wait(60)
    _roles(database, engine.home)


def hand_over(engine: Engine, image: str) -> None:
    """Give Odoo's user its database password: as libpq's file, readable by it alone, never in argv or environment."""
    engine.compose("run", "--rm", "--no-deps", "-T", "odoo-secrets", what="hand-over of secrets",
                   env={"ODOO_TASK_IMAGE": image})  # fmt: skip


def _roles(database: Databases, home: Home) -> None:
    """One role a program, with the password of its secret file: Odoo owns its databases and may clone them; Airflow and
    the ledger own one each. Run at every start, so a renewed secret is taken over.
    """
    known = {row[0] for row in database.query("SELECT rolname FROM pg_roles")}
    for role, rights, own in (("odoo", "CREATEDB", ""), ("airflow", "", "airflow"), ("ofitec", "", "ofitec")):
        verb = "ALTER" if role in known else "CREATE"
        verifier = secrets.scram((home.secrets / f"{role}_db_password").read_text().strip())
        database.query(f"{verb} ROLE {role} LOGIN {rights} PASSWORD '{verifier}'")
        if own and not database.oid(own):
            database.create_empty(own, owner=role)
