"""The deploy as Airflow does it: over a real sshd with pinned keys, with a real ledger, and what Slack is told."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dev.stack.services.docker_engine import Docker
from dev.stack.services.postgres import Postgres
from ofitec.clients.ssh import Host, HostRefused
from ofitec.deploy import __main__ as terminal
from ofitec.deploy import remote as remote_module
from ofitec.deploy import steps
from ofitec.deploy.host.record.terms import Terms
from ofitec.deploy.remote import Undone, VerbFailed
from ofitec.errors import InputError
from ofitec.ledger import deployments, open_ledger
from ofitec.notify import approval, channels
from ofitec.settings import settings
from tests.ofitec.deploy.installation import Installation
from tests.ofitec.deploy.load import Load
from tests.ofitec.deploy.ssh_host import SshHost, key_pair

TERMS = Terms(window_seconds=300, watch_seconds=0)
WHO = {"who": "Paula", "dag_id": "odoo_deploy"}


@pytest.fixture(scope="module")
def ssh(docker: Docker, small: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshHost]:
    host = SshHost(docker, tmp_path_factory.mktemp("sshd"), small.root).start()
    yield host
    host.stop()


@pytest.fixture
def told(
    ssh: SshHost, small: Installation, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[tuple[str, str]]]:
    """Airflow's connections in place; what Slack would have got."""
    name = f"ledger_deploy_{time.time_ns()}"
    postgres.create(name, "ofitec")
    messages: list[tuple[str, str]] = []
    monkeypatch.setenv("AIRFLOW_CONN_ODOO_HOST", ssh.connection())
    monkeypatch.setenv("AIRFLOW_CONN_OFITEC_LEDGER", postgres.dsn(name, "ofitec"))
    monkeypatch.setenv("OFITEC_HOST_HOME", str(small.root))
    monkeypatch.setattr(channels, "tell", lambda text, blocks: messages.append((text, json.dumps(blocks))))
    settings.cache_clear()
    yield messages
    settings.cache_clear()
    open_ledger().engine.dispose()
    postgres.drop(name)


def other(small: Installation, tiny: dict[str, str]) -> str:
    return tiny["two"] if small.get("/release") == "200 1" else tiny["one"]


def run_name() -> str:
    return steps.host_run(f"manual__{time.time_ns()}", datetime.now(UTC))


def test_a_deploy_from_plan_to_message(small: Installation, tiny: dict[str, str], told: list[tuple[str, str]]) -> None:
    run, image = run_name(), other(small, tiny)
    plan = steps.plan_deploy(image, [], TERMS, run=run, run_id="r1", **WHO)
    assert plan.mode == "CODE"
    question = {"page": "https://airflow/x", "dag_id": "odoo_deploy", "run_id": "r1"}
    until = datetime.now(UTC)
    assert steps.ask(plan, expected_seconds=None, until=until, **question)
    assert not steps.ask(plan, expected_seconds=None, until=until, **question)
    with Load(small.http, clients=4) as load:
        steps.apply(plan)
        assert steps.settle(plan, run=run, url="https://airflow/y", dag_id="odoo_deploy", run_id="r1") == "done"
    assert dict(load.failed) == {}
    row = deployments.get(open_ledger(), run)
    assert row is not None
    assert (row.status, row.mode, row.who, row.image) == ("done", "CODE", "Paula", image)
    assert [step["name"] for step in row.steps][:3] == ["start_new", "smoke", "switch"]
    assert row.finished_at is not None
    assert [text.split(":")[0].split(".")[0] for text, _ in told] == [
        "Despliegue de Odoo por aprobar", "✅ Odoo quedó en la versión nueva",
    ]  # fmt: skip
    assert small.status()["lock"] is None
    # a retry of the task that followed finds the run ended
    assert steps.apply(plan)["status"] == "done"


def test_a_failed_deploy_is_told_with_its_reason(
    small: Installation, tiny: dict[str, str], told: list[tuple[str, str]]
) -> None:
    run = run_name()
    plan = steps.plan_deploy(tiny["crash"], [], TERMS, run=run, run_id="r2", **WHO)
    with pytest.raises(Undone, match=r"this release cannot start.*The version before serves again"):
        steps.apply(plan)
    assert steps.settle(plan, run=run, url="l", dag_id="odoo_deploy", run_id="r2") == "undone"
    assert "this release cannot start" in told[-1][1]
    row = deployments.get(open_ledger(), run)
    assert row is not None
    assert row.status == "undone"
    assert row.error is not None


def test_a_rejected_plan_gives_the_lock_back(
    small: Installation, tiny: dict[str, str], told: list[tuple[str, str]]
) -> None:
    run = run_name()
    plan = steps.plan_deploy(other(small, tiny), [], TERMS, run=run, run_id="r3", **WHO)
    with pytest.raises(VerbFailed, match=f"Paula holds the lock of this host with run {run}"):
        steps.plan_rollback("", TERMS, run=run_name(), run_id="r4", **WHO)
    ends = {"url": "l", "dag_id": "odoo_deploy", "run_id": "r3"}
    assert steps.settle(plan, run=run, rejected=True, **ends) == "rejected"
    at = datetime.now(UTC)
    steps.reject(plan, who="Pedro", at=at, hours=24, **ends)
    assert small.status()["lock"] is None
    assert told[-1][0].startswith("El despliegue de Odoo no se hace. Lo rechazó Pedro")
    row = deployments.get(open_ledger(), run)
    assert row is not None
    assert (row.status, row.answered_by, row.answered_at) == ("rejected", "Pedro", at)
    assert approval.was_rejected(open_ledger(), "odoo_deploy", "r3")


def test_a_lost_connection_stops_nothing_and_a_new_follower_goes_on(
    small: Installation,
    tiny: dict[str, str],
    told: list[tuple[str, str]],
    ssh: SshHost,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # sshd's restart ends every process in its container, the worker too: then the follower settles the run
    run, image = run_name(), other(small, tiny)
    terms = Terms(window_seconds=300, watch_seconds=24)
    plan = steps.plan_deploy(image, [], terms, run=run, run_id="r5", **WHO)
    monkeypatch.setattr(remote_module, "_POLL", 0.3)

    def cut_while_it_watches() -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            journal = small.journal()
            if journal["run"] == run and journal["steps"] and journal["steps"][-1]["name"] == "watch":
                ssh.restart()
                return
            time.sleep(0.1)

    cut = threading.Thread(target=cut_while_it_watches)
    with Load(small.http, clients=4) as load:
        cut.start()
        done = steps.apply(plan)
        cut.join()
    assert done["status"] in ("done", "undone")
    assert dict(load.failed) == {}
    assert small.status()["lock"] is None


def test_the_terminal_does_the_same_and_asks_first(
    small: Installation,
    tiny: dict[str, str],
    told: list[tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before, image = small.get("/release"), other(small, tiny)
    monkeypatch.setattr("builtins.input", lambda _: "no")
    assert terminal.main(["deploy", f"--image={image}", "--watch-seconds=0"]) == 1
    assert small.get("/release") == before
    assert small.status()["lock"] is None
    assert terminal.main(["deploy", f"--image={image}", "--watch-seconds=0", "--yes"]) == 0
    assert small.get("/release") != before
    assert terminal.main(["rollback", "--watch-seconds=0", "--yes"]) == 0
    assert small.get("/release") == before
    printed = capsys.readouterr().err
    assert f"Image    {image}" in printed
    assert "Finished: done in" in printed


def test_a_command_that_ends_before_it_has_read_all_is_no_lost_connection(
    ssh: SshHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_ODOO_HOST", ssh.connection())
    host = Host.from_connection()
    assert host.run(["true"], stdin=b"x" * 5_000_000).returncode == 0
    assert host.run(["sh", "-c", "echo said; exit 7"], stdin=b"x" * 5_000_000).stdout == "said\n"


def test_another_host_key_or_none_is_never_talked_to(
    ssh: SshHost, told: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_ODOO_HOST", ssh.connection(host_key=key_pair()[1]))
    with pytest.raises(HostRefused, match="shows another key than the pinned one"):
        Host.from_connection().run(["true"])
    monkeypatch.setenv("AIRFLOW_CONN_ODOO_HOST", ssh.connection(no_host_key_check="true"))
    with pytest.raises(InputError, match="no_host_key_check"):
        Host.from_connection()
    bare = json.loads(ssh.connection())
    del bare["extra"]["host_key"]
    monkeypatch.setenv("AIRFLOW_CONN_ODOO_HOST", json.dumps(bare))
    with pytest.raises(InputError, match=r"lacks extra\.host_key"):
        Host.from_connection()


def test_the_program_on_the_host_is_named_after_its_content(small: Installation, told: list[tuple[str, str]]) -> None:
    steps.remote().verb("status")
    programs = list((small.root / "state/bin").iterdir())
    assert [Path(small.program).name] == [program.name for program in programs]
    assert programs[0].read_bytes() == small.program.read_bytes()
