"""A production to copy: the demo company in a real Odoo, with people in every corner, and what must not show of it."""

import base64
import dataclasses
import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stdnum.cl import rut as stdnum_rut

from dev.stack.company import documents, register
from dev.stack.local_stack import LocalStack
from ofitec.backup.job import Job
from ofitec.clients.postgres import Database
from ofitec.ledger import staging
from ofitec.staging import keeping, morning, rules
from ofitec.staging.harmless import Logins
from ofitec.staging.masks import GENERIC

PASSWORD = "clave&de/pruebas-1"
SHELL = Path(__file__).with_name("odoo_shell")
# what Odoo ships under these names says nothing of anybody
_SHIPPED = {
    *("administrator", "odoobot", "public user", "my company", "default user template", "portal user template"),
    *("consumidor final anónimo", "consumidor final", "tesorería general de la república", "extranjero", "portal"),
    *("servicio de impuestos internos",),
}


def rut(body: int) -> str:
    return f"{body}-{stdnum_rut.calc_check_digit(str(body))}"


_WHO = (
    (
        "Ximena Quilodrán Urrejola",
        "Viveros Quilodrán y Hermana Ltda.",
        "viverosq",
        "+56 9 8123 4567",
        "0081-22-334455-6",
    ),
    ("Bautista Ñancupil Leal", "Transportes, Fletes y Grúas Ñancupil SpA", "gruasn", "+56 2 2345 9911", "771200334455"),
    ("Zunilda Peñailillo", "Panadería Zunilda EIRL", "panaderiaz", "987001122", "00-111-98765-01"),
)
PEOPLE = [
    {
        "name": name,
        "rut": rut(13_427_811 + 7_919 * number),
        "company": company,
        "company_rut": rut(76_310_447 + 104_729 * number),
        "email": f"cobranzas@{domain}.example",
        "phone": phone,
        "street": f"Pasaje Los Coihues {4410 + number}",
        "account": account,
    }
    for number, (name, company, domain, phone, account) in enumerate(_WHO)
]


@contextmanager
def production(stack: LocalStack, job: Job) -> Iterator[Job]:
    """The job on a copy of the demo company with people in it."""
    parts = stack.odoo_parts
    server, environment = parts.postgres, parts.source.env()
    command = shlex.join(["env", *(f"{name}={value}" for name, value in environment.items()), *parts.command()])
    name = f"origen_{stack.place.name.replace('-', '_')}"
    with parts.scratch(stack.odoo_template(), name):
        files = register.files(stack.period, documents.documents(stack.period))
        told = {
            "OFITEC_PEOPLE": json.dumps(PEOPLE),
            "OFITEC_PERIOD": stack.period,
            "OFITEC_REGISTER": json.dumps({k: base64.b64encode(v).decode() for k, v in files.items()}),
        }
        said = parts.shell(name, (SHELL / "people.py").read_text(), what="people", env=told)
        assert "people are in" in said
        database = Database(server.host, server.port, "odoo", server.password("odoo"), name)
        rules = dataclasses.replace(job.rules, min_bytes=1_000_000, restore_timeout=600)
        yield dataclasses.replace(
            job,
            database=database,
            scratch=database,
            filestore=parts.filestore(name),
            odoo_command=command,
            rules=rules,
        )


def make(job: Job, *, run_id: str = "r", refuse: bool = False) -> morning.Made:
    """One morning, as its DAG's step does it, without Slack."""
    place = {"env": job.env, "server": job.scratch.server, "database": keeping.name(job)}
    number = staging.start(job.ledger, run_id=run_id, **place)
    choices = morning.Choices(rules.chosen(None), Logins(PASSWORD, "http://staging.localhost"), refuse)
    return morning.make(job, choices, number=number, run_id=run_id)


def forms(stack: LocalStack, database: str, *options: str) -> dict[str, Any]:
    """Every month's form of a database."""
    script = (SHELL / "forms.py").read_text()
    said = stack.odoo_parts.run(database, "shell", "--no-http", *options, what="forms", stdin=script)
    line = next(line for line in said.splitlines() if line.startswith("OFITEC-FORMS "))
    found: dict[str, Any] = json.loads(line.removeprefix("OFITEC-FORMS "))
    return found


def private(database: Database) -> dict[str, set[str]]:
    """All that people could be known by in a production: kind to texts."""
    columns = {
        "name": (("res_partner", "name"), ("res_company", "name"), ("res_partner_bank", "acc_holder_name"),
                 ("of_sii_rcv_line", "name"), ("of_sii_f29_document", "name")),
        "rut": (("res_partner", "vat"), ("of_sii_rcv_line", "rut"), ("of_sii_f29_document", "rut"),
                ("of_sii_f29", "rut")),
        "email": (("res_partner", "email"), ("res_users", "login"), ("mail_message", "email_from"),
                  ("res_bank", "email")),
        "phone": (("res_partner", "phone"), ("res_company", "phone"), ("res_bank", "phone")),
        "account": (("res_partner_bank", "acc_number"), ("res_partner_bank", "sanitized_acc_number")),
        "street": (("res_partner", "street"),),
    }  # fmt: skip
    found: dict[str, set[str]] = {}
    with database.connect() as conn:
        for kind, places in columns.items():
            for table, column in places:
                rows = conn.execute(f"SELECT DISTINCT {column} FROM {table} WHERE {column} <> ''")
                found.setdefault(kind, set()).update(row[0].strip() for row in rows)
    found["name"] = {name for name in found["name"] if name.casefold() not in _SHIPPED and len(name) > 5}
    found["email"] = {mail for text in found["email"] for mail in re.findall(r"[\w.+-]+@[\w.-]+", text)}
    bodies = {text.replace(".", "").removeprefix("CL").partition("-")[0] for text in found["rut"]}
    # with its digit, in each of its spellings: bare figures like 12345678 stand in scripts too
    found["rut"] = {
        spelling.replace(",", ".")
        for body in bodies
        if body.isdigit() and body not in GENERIC
        for spelling in (rut(int(body)), rut(int(body)).replace("-", ""), f"{int(body):,}{rut(int(body))[-2:]}")
    }
    found["phone"] = {text for text in found["phone"] if len(text) > 6}
    found["secret"] = {"smtpclave99x", "imapclave99x", "tokenclave99x", "losaromos.example"}
    return found


def leaked(database: Database, files: Path, known: dict[str, set[str]], pg_bin: Path) -> list[str]:
    """Which of them show in a dump of a database, or in its files: as texts of any case."""
    dump = subprocess.run(
        [pg_bin / "pg_dump", "--no-owner"], env={**database.environment(), **database.secrets()},
        capture_output=True, check=True,
    ).stdout.decode(errors="replace").casefold()  # fmt: skip
    content = "\n".join(
        path.read_bytes().decode(errors="replace") for path in files.rglob("*") if path.is_file()
    ).casefold()
    return [
        f"{kind}: {text} in the {where}"
        for kind, texts in known.items()
        for text in texts
        for where, whole in (("dump", dump), ("files", content))
        if text.casefold() in whole
    ]
