"""The first start on a host. Nothing that exists is overwritten."""

import json
from pathlib import Path

from ofitec.deploy.host.machine import manifests, smoke
from ofitec.deploy.host.machine.database import Databases
from ofitec.deploy.host.machine.engine import Engine, check_reference
from ofitec.deploy.host.machine.proxy import Proxy
from ofitec.deploy.host.record import releases
from ofitec.deploy.host.record.home import Home
from ofitec.deploy.host.record.journal import now
from ofitec.deploy.host.record.releases import Release
from ofitec.deploy.host.run import admit, secrets, up
from ofitec.errors import InputError
from ofitec.whole_file import write_whole

# A login that may read and not more is enough for the smoke; a user's default rights are those of an employee.
# Airflow's robot is a portal user in «F29: compute», for an employee reads every contact; without the add-on it may
# nothing but log in.
_USERS = """
import json, sys
admin, smoke, robot, new = json.loads(%r)
users = env["res.users"].with_context(no_reset_password=True)
groups = "group_ids" if "group_ids" in users._fields else "groups_id"
if new:
    env.ref("base.user_admin").password = admin
known = {name: users.search([("login", "=", name)]) for name in (smoke[0], robot[0])}
if not known[smoke[0]]:
    known[smoke[0]] = users.create({"name": "OFITEC smoke test", "login": smoke[0]})
if not known[robot[0]]:
    compute = env.ref("of_sii_cl.group_f29_compute", raise_if_not_found=False) or env["res.groups"]
    companies = env["res.company"].search([])
    known[robot[0]] = users.create({
        "name": "OFITEC ops (robot)", "login": robot[0], "lang": env.ref("base.user_admin").lang,
        "company_ids": [(6, 0, companies.ids)], groups: [(6, 0, (env.ref("base.group_portal") | compute).ids)],
    })
for login, password in (smoke, robot):
    known[login].password = password
env.cr.commit()
"""


def init(home: Home, image: str, modules: list[str]) -> dict[str, str]:
    """Bring a first version up: on a new database, or on the one that is there.

    :param modules: what a new database gets
    :raises InputError: if this host has a release already
    :raises OfitecError: if anything fails; the record is written last, so it may be run again
    """
    if releases.load(home).releases:
        raise InputError("This host has a release already. Use `plan` and `apply` for another version.")
    secrets.make(home)
    home = Home.open(home.root)
    engine, proxy, database = Engine(home), Proxy(home), Databases(Engine(home))
    pinned = engine.pull(check_reference(image))  # whoever is at the host chooses the first repository
    admit.require_signed(home, pinned)
    for service in ("odoo-blue", "odoo-cron"):
        engine.set_image(service, pinned)
    up.servers(engine)
    up.hand_over(engine, pinned)
    log = home.state / "logs" / "init.log"
    write_whole(log, "", mode=0o644)
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


def _users(engine: Engine, image: str, log: Path, *, new: bool) -> None:
    """The smoke test's user and Airflow's, and on a new database the administrator's password: by standard input."""
    home = engine.home
    argv = ["/usr/bin/odoo", "shell", f"--database={home.database}", "--no-http", "--max-cron-threads=0", "--workers=0"]
    engine.task(image, argv, run="users", what="odoo shell", stdin=users_script(home, new=new), log=log)


def users_script(home: Home, *, new: bool) -> str:
    """What `odoo shell` runs to make them; it holds passwords.

    :param new: whether the database is one that `init` made
    """

    def read(name: str) -> str:
        return (home.secrets / name).read_text().strip()

    smoke = [home.settings["ODOO_SMOKE_LOGIN"], read("odoo_smoke_password")]
    robot = [home.settings["ODOO_ROBOT_LOGIN"], read("odoo_robot_password")]
    return _USERS % json.dumps([read("odoo_admin_password"), smoke, robot, new])
