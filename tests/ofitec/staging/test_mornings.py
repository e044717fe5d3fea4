"""Real mornings on a real Odoo: the form of each month the same, nobody of production in it, and people get in."""

import pytest

from dev.stack.local_stack import LocalStack
from ofitec.backup import boot, proof
from ofitec.backup.job import Job
from ofitec.clients.postgres import Database
from ofitec.errors import OfitecError
from ofitec.staging import keeping, masking
from tests.ofitec.backup.nights import back_up
from tests.ofitec.staging import production


def test_a_morning_leaves_a_copy_of_nobody_in_which_the_f29_adds_up(source: Job, local_stack: LocalStack) -> None:
    parts = local_stack.odoo_parts
    before = production.forms(local_stack, source.database.name)
    assert len(before) >= 2
    assert any(form.get("register", {}).get("equal", 0) > 50 for form in before.values())
    known = production.private(source.database)
    assert production.leaked(source.database, source.filestore, known, parts.postgres.bin)
    key = back_up(source)
    proof.prove(source, key, run_id="night", keep=True)

    done = production.make(source, refuse=True)

    assert done.backup == key
    assert done.first
    assert done.findings == []
    copy, files = source.scratch.on(done.database), keeping.data_dir(source) / "filestore" / done.database
    leaks = production.leaked(copy, files, known, parts.postgres.bin)
    assert not leaks, "\n".join(leaks)
    opened = ("--data-dir", str(keeping.data_dir(source)))
    assert production.forms(local_stack, done.database, *opened) == before
    assert _harmless(copy) == (0, 0, 1, 0)
    assert _enters(local_stack, done.database, opened, "admin", production.PASSWORD) == "in"
    assert _enters(local_stack, done.database, opened, "admin", "admin") == "out"
    # production is as it was
    assert production.forms(local_stack, source.database.name) == before
    assert set(known["name"]) <= set(production.private(source.database)["name"])


def _harmless(copy: Database) -> tuple[int, ...]:
    """Jobs that run, servers with a password, mail servers in use (the one that leads nowhere), mails in the queue."""
    with copy.connect() as conn:
        row = conn.execute("""
            SELECT (SELECT count(*) FROM ir_cron WHERE active),
                   (SELECT count(*) FROM ir_mail_server WHERE smtp_pass <> '')
                   + (SELECT count(*) FROM fetchmail_server WHERE password <> ''),
                   (SELECT count(*) FROM ir_mail_server WHERE active),
                   (SELECT count(*) FROM mail_mail)
        """).fetchone()
    assert row is not None
    return tuple(row)


def _enters(stack: LocalStack, database: str, options: tuple[str, ...], login: str, password: str) -> str:
    """Whether Odoo itself takes the password."""
    script = (
        "import os\n"
        "from odoo.exceptions import AccessDenied\n"
        "user = env['res.users'].search([('login', '=', os.environ['LOGIN'])])\n"
        "given = os.environ['WORD']\n"
        "try:\n"
        "    try:\n"
        "        user.with_user(user)._check_credentials({'type': 'password', 'login': user.login, 'password': given}, "
        "{'interactive': True})\n"
        "    except (TypeError, AttributeError):\n"
        "        user.with_user(user)._check_credentials(given, {'interactive': True})\n"
        "    print('ENTERS in')\n"
        "except AccessDenied:\n"
        "    print('ENTERS out')\n"
    )
    env = {"LOGIN": login, "WORD": password}
    said = stack.odoo_parts.run(database, "shell", "--no-http", *options, what="login", stdin=script, env=env)
    return next(line for line in said.splitlines() if line.startswith("ENTERS ")).removeprefix("ENTERS ")


def test_columns_of_an_add_on_that_nobody_thought_of_are_told_or_refused(
    source: Job, local_stack: LocalStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, stood = production.PEOPLE[0], _comment(source)
    with source.database.connect() as conn:
        conn.execute(
            "CREATE TABLE flete_chofer (id serial PRIMARY KEY, quien text, aviso text, cedula text, correo text)"
        )
        conn.execute(
            "INSERT INTO flete_chofer (quien, aviso, cedula, correo) VALUES (%s, %s, %s, 'sin')",
            [person["name"], "avisar a chofer@fletes.example", "Carnet 15.678.234-3."],
        )
    key = back_up(source)
    proof.prove(source, key, run_id="the next night", keep=True)
    with pytest.raises(masking.UnknownColumns, match="4 columns look like people's data") as refused:
        production.make(source, refuse=True)
    assert person["name"] not in str(refused.value)
    assert sorted(refused.value.columns) == [f"flete_chofer.{name}" for name in ("aviso", "cedula", "correo", "quien")]
    with source.scratch.maintenance().connect() as conn:
        assert keeping.standing(source, conn) == stood
    # no copy waits any more: the backup is brought back anew
    done = production.make(source)
    assert len(done.findings) == 4
    assert done.backup == key
    # what fails leaves it as it is
    stood = _comment(source)
    monkeypatch.setattr(boot, "read_back", _fails)
    with pytest.raises(OfitecError, match="no Odoo today"):
        production.make(source)
    assert _comment(source) == stood
    assert list((source.work / "scratch").iterdir()) == [keeping.data_dir(source).resolve().parent]


def _fails(*args: object, **kwargs: object) -> None:
    raise OfitecError("no Odoo today")


def _comment(job: Job) -> str | None:
    with job.scratch.maintenance().connect() as conn:
        return keeping.standing(job, conn)
