"""The staging Odoo answers on a loopback port, and whatever it tries, nothing leaves its namespace."""

import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import odoorpc
import pytest

from dev.stack.machine import ports
from ofitec.backup import proof
from ofitec.backup.job import Job
from ofitec.errors import InputError
from ofitec.staging.serve import serve
from tests.ofitec.backup.nights import back_up
from tests.ofitec.staging import production
from tests.ofitec.staging.watch import Watch
from tests.waiting import wait_until


@contextmanager
def served(job: Job) -> Iterator[tuple[int, Watch]]:
    """The staging Odoo, once its page answers: its port and its namespace."""
    port, stop, ended = ports.pick(set()), threading.Event(), list[BaseException]()

    def run() -> None:
        try:
            serve(job, port, stop=stop)
        except BaseException as error:
            ended.append(error)

    (job.work / "staging" / "run" / "inside.pid").unlink(missing_ok=True)
    thread = threading.Thread(target=run)
    thread.start()
    try:
        wait_until(lambda: bool(ended) or answers(port), "the staging Odoo's page", timeout=120)
        assert not ended, ended
        yield port, Watch(job.work / "staging" / "run")
    finally:
        stop.set()
        thread.join(60)
    assert not ended, ended
    assert not thread.is_alive()


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/web/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def call_out(port: int, database: str) -> dict[str, str]:
    """Whatever an Odoo can be made to send, by its administrator: what became of each."""
    odoo = odoorpc.ODOO("127.0.0.1", port=port, timeout=300)
    odoo.login(database, "admin", production.PASSWORD)
    partner = odoo.execute("res.partner", "search", [("email", "!=", False)], 0, 1)
    mail = odoo.execute("mail.mail", "create", {"subject": "x", "email_to": "x@y.example", "body_html": "<p>x</p>"})
    mail = mail[0] if isinstance(mail, list) else mail
    odoo.execute("mail.mail", "send", [mail])
    state = odoo.execute("mail.mail", "read", [mail], ["state"])[0]["state"]
    found = {"mail": state}
    crons = odoo.execute_kw("ir.cron", "search", [[]], {"context": {"active_test": False}})
    for cron in crons:
        try:
            odoo.execute("ir.cron", "method_direct_trigger", [cron])
        except odoorpc.error.RPCError as error:
            found[f"job {cron}"] = str(error)[:100]
    try:
        odoo.execute_kw("res.partner", "message_post", [partner], {"body": "hola", "partner_ids": partner})
    except odoorpc.error.RPCError as error:
        found["message"] = str(error)[:100]
    return found


def test_nothing_leaves_the_staging_odoo_whatever_it_is_made_to_do(source: Job) -> None:
    key = back_up(source)
    proof.prove(source, key, run_id="night", keep=True)
    with pytest.raises(InputError, match="No staging copy stands on this machine"):
        serve(source, ports.pick(set()))
    done = production.make(source)
    run = source.work / "staging" / "run"
    with served(source) as (port, watch):
        assert watch.devices() == ["lo"]
        watch.open_a_way_out()
        page = urllib.request.urlopen(f"http://127.0.0.1:{port}/web/login", timeout=60).read().decode()
        assert "login" in page
        said = call_out(port, done.database)
        assert said["mail"] == "exception"
        assert watch.tried() == 0, said
        watch.somebody_calls_out()
        assert watch.tried() > 0  # it would have been seen
        # the next morning's copy comes to stand: it is served, and again with no way out
        production.make(source, run_id="the next")
        wait_until(lambda: Watch(run).pid != watch.pid and answers(port), "the next morning's Odoo", timeout=120)
        assert Watch(run).devices() == ["lo"]
        odoorpc.ODOO("127.0.0.1", port=port, timeout=60).login(done.database, "admin", production.PASSWORD)
