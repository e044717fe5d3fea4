"""`airflow ofitec doctor`: runs the checks in the order in which an installation is made, and prints them."""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from ofitec.doctor.findings import Check, Finding, State

_MARKS = {State.OK: "✓", State.UNUSED: "–", State.WAITING: "…", State.WRONG: "✗"}


SETTINGS = "settings"
LEDGER = "ledger (connection ofitec_ledger)"
ODOO = "Odoo (connection odoo_default)"
REPOSITORY = "repository (connection restic_default)"
DATABASE = "Odoo's database (connection odoo_db)"


def checks() -> list[Check]:
    """All checks; what one needs stands before it."""
    from ofitec.doctor import backups, continuous, deploys, installation, messages, odoo, staging, workers

    return [
        Check(SETTINGS, installation.read_settings),
        Check("Airflow", installation.airflow_version),
        Check("DAGs", installation.dag_bundle),
        Check(LEDGER, installation.ledger),
        Check("clock and time zone", installation.clock, (SETTINGS, LEDGER)),
        Check(ODOO, odoo.signed_in, (SETTINGS,)),
        Check("the robot's rights", odoo.robots_rights, (ODOO,)),
        Check("Slack (connection slack_default)", messages.slack_takes_messages),
        Check("e-mail (connection smtp_default)", messages.mail_server, (SETTINGS,)),
        Check("dead man's switch (connection ping_default)", messages.dead_mans_switch, (SETTINGS,)),
        Check("deliveries (OFITEC_EXPORT_URL)", messages.exports, (SETTINGS,)),
        Check(DATABASE, backups.database_rights, (SETTINGS,)),
        Check("one database for both", odoo.same_database, (ODOO, DATABASE)),
        Check("pg_dump and pg_restore", backups.programs, (DATABASE,)),
        Check("filestore (OFITEC_FILESTORE)", backups.filestore, (SETTINGS,)),
        Check(REPOSITORY, backups.repository_opens, (SETTINGS,)),
        Check("second repository (connection restic_second)", backups.second_repository, (SETTINGS, REPOSITORY)),
        Check("workers (Celery)", workers.queues),
        Check("folders that workers share", workers.shared_folders, (SETTINGS, LEDGER, REPOSITORY)),
        Check("room for proofs (OFITEC_WORK_DIR)", backups.room, (DATABASE,)),
        Check("Odoo for proofs (OFITEC_ODOO_COMMAND)", backups.odoo_to_boot, (SETTINGS,)),
        Check("back to a moment (connection pgbackrest_default)", continuous.ready, (SETTINGS,)),
        Check("staging copy (connection odoo_staging)", staging.ready, (SETTINGS,)),
        Check("Odoo's host (connection odoo_host)", deploys.host, (SETTINGS,)),
        Check("metrics (OFITEC_METRICS_TOKEN_FILE)", installation.metrics_token, (SETTINGS,)),
    ]


def findings() -> Iterator[Finding]:
    """Each check's finding, as soon as it is there."""
    not_right: set[str] = set()
    for check in checks():
        found = check.run(not_right)
        if found.state in (State.WRONG, State.WAITING):
            not_right.add(check.part)
        yield found


def run(args: argparse.Namespace) -> None:
    """Print the findings; exit with 1 if one is wrong."""
    os.environ["_AIRFLOW_PROCESS_CONTEXT"] = "server"  # connections of Airflow's own database too, as its CLI does
    found = []
    with _page() as page:
        for finding in findings():
            found.append(finding)
            if not args.json:
                print(line(finding), file=page, flush=True)
    wrong = sum(finding.state is State.WRONG for finding in found)
    waiting = sum(finding.state is State.WAITING for finding in found)
    if args.json:
        rows = [{"part": f.part, "state": f.state.value, "said": f.sentence} for f in found]
        print(json.dumps({"ok": not wrong, "checks": rows}, ensure_ascii=False, indent=2))  # noqa: T201
    else:
        print(f"\n{summary(wrong, waiting, len(found))}")  # noqa: T201
    if wrong:
        sys.exit(1)


@contextmanager
def _page() -> Iterator[TextIO]:
    """Standard output. What Airflow's clients log there while they are used goes to standard error meanwhile."""
    sys.stdout.flush()
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as page:
        os.dup2(2, 1)
        try:
            yield page
        finally:
            sys.stdout.flush()
            page.flush()
            os.dup2(page.fileno(), 1)


def line(finding: Finding) -> str:
    """One finding for a terminal."""
    return f"{_MARKS[finding.state]} {finding.part}: {finding.sentence}"


def summary(wrong: int, waiting: int, looked_at: int) -> str:
    """The last line."""
    if not wrong:
        return f"All is well: {looked_at} checks."
    rest = f", {waiting} wait for them" if waiting else ""
    return f"{wrong} of {looked_at} checks need you{rest}: begin with the first ✗."
