"""The first start on a host, and every later start of what its record says. Nothing that exists is overwritten."""

import base64
import hashlib
import hmac
import json
import secrets
from pathlib import Path

from ofitec.deploy.host.machine import manifests, smoke
from ofitec.deploy.host.machine.database import Database
from ofitec.deploy.host.machine.engine import Engine, check_reference
from ofitec.deploy.host.machine.proxy import Proxy, ProxyDown
from ofitec.deploy.host.record import releases
from ofitec.deploy.host.record.home import Home, parse_env, write_whole
from ofitec.deploy.host.record.journal import now
from ofitec.deploy.host.record.releases import Release
from ofitec.deploy.host.run import plan
from ofitec.errors import InputError, PermanentError

_WORDS = (
    "postgres_password", "odoo_db_password", "odoo_admin_password", "odoo_smoke_password", "airflow_db_password",
    "ofitec_db_password", "airflow_admin_password", "airflow_jwt_secret", "airflow_secret_key", "redis_password",
    "ofitec_metrics_token", "monitoring_db_password", "grafana_admin_password",
)  # fmt: skip
# A login that may read and not more is enough for the smoke; a user's default rights are those of an employee.
_USERS = """
import json, sys
admin, login, smoke, new = json.loads(%r)
users = env["res.users"]
if new:
    env.ref("base.user_admin").password = admin
if not users.search([("login", "=", login)]):
    users.with_context(no_reset_password=True).create({"name": "OFITEC smoke test", "login": login})
users.search([("login", "=", login)]).password = smoke
env.cr.commit()
"""


def secrets_set(home: Home) -> dict[str, list[str]]:
    """Make every secret that is missing (0600), the state folders, and OFITEC_UID and OFITEC_GID in .env.

    :return: {"made": names}; never a value
    """
    home.secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = []
    values = {name: secrets.token_urlsafe(48) for name in _WORDS}
    values["airflow_fernet_key"] = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    for name, value in values.items():
        if not (home.secrets / name).exists():
            write_whole(home.secrets / name, value, 0o600)
            made.append(name)
    # Airflow's connections hold passwords made above, so they are made last
    if not (home.secrets / "airflow_connections.json").exists():
        write_whole(home.secrets / "airflow_connections.json", _connections(home), 0o600)
        made.append("airflow_connections.json")
    _own(home)
    Proxy(home).prepare()
    return {"made": made}


def _connections(home: Home) -> str:
    def read(name: str) -> str:
        return (home.secrets / name).read_text().strip()

    def postgres(login: str, database: str, secret: str) -> dict[str, object]:
        return {"conn_type": "postgres", "host": "db", "port": 5432, "schema": database, "login": login,
                "password": read(secret)}  # fmt: skip

    odoo = {"conn_type": "generic", "host": "proxy", "port": 8069, "login": "admin",
            "password": read("odoo_admin_password"), "extra": {"database": home.database}}  # fmt: skip
    return json.dumps(
        {
            "ofitec_ledger": postgres("ofitec", "ofitec", "ofitec_db_password"),
            "odoo_db": postgres("odoo", home.database, "odoo_db_password"),
            "odoo_default": odoo,
        },
        indent=1,
    )


def _own(home: Home) -> None:
    """HAProxy runs as the owner of the installation, who alone may use its socket."""
    file = home.root / ".env"
    text = file.read_text() if file.exists() else ""
    owner = home.root.stat()
    lacking = {"OFITEC_UID": owner.st_uid, "OFITEC_GID": owner.st_gid}
    lines = [f"{name}={value}\n" for name, value in lacking.items() if name not in parse_env(text)]
    if lines:
        write_whole(file, text + ("" if text.endswith("\n") or not text else "\n") + "".join(lines), 0o600)


def init(home: Home, image: str, modules: list[str]) -> dict[str, str]:
    """Bring a first version up: on a new database, or on the one that is there.

    :param modules: what a new database gets
    :raises InputError: if this host has a release already
    :raises OfitecError: if anything fails; the record is written last, so it may be run again
    """
    if releases.load(home).releases:
        raise InputError("This host has a release already. Use `plan` and `apply` for another version.")
    secrets_set(home)
    home = Home.open(home.root)
    engine, proxy, database = Engine(home), Proxy(home), Database(Engine(home))
    pinned = engine.pull(check_reference(image))
    for service in ("odoo-blue", "odoo-cron"):
        engine.set_image(service, pinned)
    for service in ("db", "proxy"):
        engine.start(service)
    _wait(engine)
    _hand_over(engine, pinned)
    log = home.state / "logs" / "init.log"
    write_whole(log, "")
    new = not database.oid(home.database)
    if new:
        database.create_empty(home.database)
    if new or not database.query("SELECT 1 FROM pg_tables WHERE tablename = 'ir_module_module'", home.database):
        argv = ["/usr/bin/odoo", f"--database={home.database}", f"--init={','.join(modules)}", "--without-demo=all",
                "--stop-after-init", "--no-http", "--max-cron-threads=0", "--workers=0"]  # fmt: skip
        engine.task(pinned, argv, run="init", what="odoo -i", log=log)
        new = True
    _users(engine, pinned, log, new=new)
    engine.start("odoo-blue")
    smoke.wait_until_works(engine, "odoo-blue", "blue", home.database)
    proxy.switch("blue")
    engine.start("odoo-cron")
    sources = {
        n: h for n, (_, h) in manifests.read(engine, pinned, set(database.modules(home.database))).modules.items()
    }
    releases.add(
        home, Release(run="init", image=pinned, colour="blue", mode="INIT", at=now(), who="init", sources=sources)
    )
    return {"image": pinned, "colour": "blue", "database": home.database}


def up(home: Home) -> dict[str, str]:
    """Start PostgreSQL with its roles, HAProxy, and the recorded release if there is one.

    A colour that is not current stays as it is: its image may be older than the database.

    :raises PermanentError: while a run is under way or unsettled: the record does not say yet what serves
    """
    plan.settled(home)
    secrets_set(home)
    home = Home.open(home.root)
    engine = Engine(home)
    for service in ("db", "proxy"):
        engine.start(service)
    _wait(engine)
    if not releases.load(home).releases:
        return {"image": "", "colour": "", "next": "No release yet: `init --image registry/name@sha256:...`"}
    current = releases.load(home).current
    _hand_over(engine, current.image)
    for service in (f"odoo-{current.colour}", "odoo-cron"):
        engine.start(service)
    smoke.wait_until_works(engine, f"odoo-{current.colour}", current.colour, home.database)
    Proxy(home).switch(current.colour)
    return {"image": current.image, "colour": current.colour, "next": ""}


def _roles(database: Database, home: Home) -> None:
    """One role a program, with the password of its secret file: Odoo owns its databases and may clone them; Airflow and
    the ledger own one each. Run at every start, so a renewed secret is taken over.
    """
    known = {row[0] for row in database.query("SELECT rolname FROM pg_roles")}
    for role, rights, own in (("odoo", "CREATEDB", ""), ("airflow", "", "airflow"), ("ofitec", "", "ofitec")):
        verb = "ALTER" if role in known else "CREATE"
        verifier = scram((home.secrets / f"{role}_db_password").read_text().strip())
        database.query(f"{verb} ROLE {role} LOGIN {rights} PASSWORD '{verifier}'")
        if own and not database.oid(own):
            database.create_empty(own, owner=role)


def scram(password: str) -> str:
    """PostgreSQL's SCRAM-SHA-256 verifier (RFC 5802): so the server and its log never see the password itself."""
    salt, rounds = secrets.token_bytes(16), 4096
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
    client = hmac.digest(salted, b"Client Key", "sha256")
    parts = (salt, hashlib.sha256(client).digest(), hmac.digest(salted, b"Server Key", "sha256"))
    shown = [base64.b64encode(part).decode() for part in parts]
    return f"SCRAM-SHA-256${rounds}:{shown[0]}${shown[1]}:{shown[2]}"


def _wait(engine: Engine) -> None:
    """Wait for HAProxy and PostgreSQL; what does not come up says why."""
    try:
        Proxy(engine.home).wait(15)
    except ProxyDown as error:
        raise PermanentError(f"{error} {engine.crashed('proxy')}") from None
    database = Database(engine)
    database.wait(60)
    _roles(database, engine.home)


def _hand_over(engine: Engine, image: str) -> None:
    """Give Odoo's user its database password: as libpq's file, readable by it alone, never in argv or environment."""
    engine.compose("run", "--rm", "--no-deps", "-T", "odoo-secrets", what="hand-over of secrets",
                   env={"ODOO_TASK_IMAGE": image})  # fmt: skip


def _users(engine: Engine, image: str, log: Path, *, new: bool) -> None:
    """The smoke test's user, and on a new database the administrator's password: through standard input."""
    home = engine.home
    values = [
        (home.secrets / "odoo_admin_password").read_text().strip(),
        home.settings["ODOO_SMOKE_LOGIN"],
        (home.secrets / "odoo_smoke_password").read_text().strip(),
        new,
    ]
    argv = ["/usr/bin/odoo", "shell", f"--database={home.database}", "--no-http", "--max-cron-threads=0", "--workers=0"]
    engine.task(image, argv, run="users", what="odoo shell", stdin=_USERS % json.dumps(values), log=log)
