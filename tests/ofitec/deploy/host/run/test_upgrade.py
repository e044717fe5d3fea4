"""MIGRATE on a real Odoo 19 and PostgreSQL: what users have is never upgraded in place, dropped or left unserved."""

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.ofitec.deploy.installation import Installation

LIVE = "odoo"


@pytest.fixture
def first(real: Installation) -> Iterator[Installation]:
    """The installation with release 1 serving and one partner of the company's own; whatever came is rolled back."""
    assert version(real) == "19.0.1.0.0"
    oid = live_oid(real)
    yield real
    if version(real) != "19.0.1.0.0":
        back(real, run=f"tidy{time.time_ns()}")
    assert live_oid(real) == oid


def version(installation: Installation) -> str:
    return installation.sql("SELECT latest_version FROM ir_module_module WHERE name = 'deploy_probe'", LIVE)[0]


def live_oid(installation: Installation) -> int:
    return int(installation.sql(f"SELECT oid FROM pg_database WHERE datname = '{LIVE}'")[0])


def databases(installation: Installation) -> set[str]:
    return set(installation.sql("SELECT datname FROM pg_database WHERE datname LIKE 'odoo%'"))


def back(installation: Installation, *, run: str) -> dict[str, Any]:
    since = installation.status()["current"]["at"]
    since = f"--discard-writes-since={since}"
    planned = installation.host("plan-rollback", "--who=test", f"--run={run}", since, "--watch-seconds=0")
    assert planned.get("mode") == "RETURN", planned
    done = installation.host("apply", "--here", f"--run={run}")
    assert done.get("status") == "done", done
    return done


def rpc(installation: Installation, service: str, method: str, *args: Any) -> Any:
    """One JSON-RPC call by the public door, as a user's program does."""
    body = {"jsonrpc": "2.0", "method": "call", "params": {"service": service, "method": method, "args": args}}
    request = urllib.request.Request(
        f"http://127.0.0.1:{installation.http}/jsonrpc", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["result"]


def write_partner(installation: Installation, name: str) -> None:
    password = (installation.root / "secrets/odoo_admin_password").read_text()
    user = rpc(installation, "common", "authenticate", LIVE, "admin", password, {})
    rpc(installation, "object", "execute_kw", LIVE, user, password, "res.partner", "create", [{"name": name}])


def serves(installation: Installation) -> bool:
    return installation.get("/web/login").startswith("200")


def test_an_upgrade_takes_about_as_long_as_its_rehearsal_said_and_can_be_returned(
    first: Installation, odoo_releases: dict[int, str]
) -> None:
    write_partner(first, "before the upgrade")
    terms = ["--window-seconds=300", "--watch-seconds=1"]
    planned = first.host("plan", "--who=test", "--run=up", f"--image={odoo_releases[2]}", *terms)
    assert planned["mode"] == "MIGRATE"
    assert planned["modules"] == [{"name": "deploy_probe", "before": "19.0.1.0.0", "after": "19.0.2.0.0"}]
    rehearsed = first.host("rehearse", "--run=up")
    assert serves(first)
    assert databases(first) == {LIVE}
    done = first.host("apply", "--here", "--run=up")
    assert done["status"] == "done", done
    seconds = done["facts"]["maintenance_seconds"]
    print(f"\nwithout service {seconds} s, the rehearsal predicted {rehearsed['predicted']} s")  # noqa: T201
    assert rehearsed["predicted"] / 3 < seconds < rehearsed["predicted"] * 3
    assert version(first) == "19.0.2.0.0"
    numbers = first.sql("SELECT DISTINCT probe_number FROM res_partner", LIVE)
    assert numbers == ["42"]
    kept = done["facts"]["kept_name"]
    assert first.sql(f"SELECT datallowconn FROM pg_database WHERE datname = '{kept}'") == ["f"]

    write_partner(first, "after the upgrade")
    refused = first.host("plan-rollback", "--who=test", "--run=no")
    assert "hides what users wrote since then" in refused["error"]
    assert first.status()["lock"] is None
    returned = back(first, run="yes")
    assert version(first) == "19.0.1.0.0"
    names = first.sql("SELECT name FROM res_partner WHERE name LIKE '%the upgrade'", LIVE)
    assert names == ["before the upgrade"]
    hidden = returned["facts"]["kept_name"]
    first.sql(f"ALTER DATABASE {hidden} ALLOW_CONNECTIONS true")
    assert len(first.sql("SELECT name FROM res_partner WHERE name LIKE '%the upgrade'", hidden)) == 2
    first.sql(f"ALTER DATABASE {hidden} ALLOW_CONNECTIONS false")


def test_a_broken_migration_leaves_the_old_version_serving_its_untouched_data(
    first: Installation, odoo_releases: dict[int, str]
) -> None:
    before = databases(first)
    first.host("plan", "--who=test", "--run=broken", f"--image={odoo_releases[3]}", "--watch-seconds=1")
    rehearsed = first.host("rehearse", "--run=broken")
    assert "broken on purpose" in rehearsed["error"]
    assert databases(first) == before
    # even when nobody rehearsed
    done = first.host("apply", "--here", "--run=broken")
    assert "broken on purpose" in done["error"]
    assert first.journal()["status"] == "undone"
    assert serves(first)
    assert databases(first) == before
    assert first.sql("SELECT count(*) FROM res_partner WHERE name = 'lost'", LIVE) == ["0"]


@pytest.mark.parametrize("module", ["no_such_module", "l10n_cl"])
def test_a_module_that_is_unknown_or_not_installed_is_refused_before_anything_happens(
    first: Installation, odoo_releases: dict[int, str], module: str
) -> None:
    journal = first.journal()
    refused = first.deploy(odoo_releases[2], run="unknown", modules=module)
    assert f"Module {module} is not installed in the database" in refused["error"]
    assert first.journal() == journal
    assert first.status()["lock"] is None


def test_an_upgrade_that_overruns_its_window_is_given_up(first: Installation, odoo_releases: dict[int, str]) -> None:
    planned = first.host("plan", "--who=test", "--run=slow", f"--image={odoo_releases[2]}", "--window-seconds=1")
    assert planned["mode"] == "MIGRATE"
    assert "the window allows 1 s" in first.host("rehearse", "--run=slow")["error"]
    done = first.host("apply", "--here", "--run=slow")
    assert "did not end within" in done["error"]
    assert serves(first)
    assert version(first) == "19.0.1.0.0"


def test_after_users_wrote_nothing_returns_by_itself_and_a_person_decides(
    first: Installation, odoo_releases: dict[int, str]
) -> None:
    first.host("plan", "--who=test", "--run=noreturn", f"--image={odoo_releases[2]}", "--watch-seconds=300")
    first.host("apply", "--run=noreturn")
    _until(first, lambda data: data["steps"] and data["steps"][-1]["name"] == "watch")
    write_partner(first, "written to the new version")
    colour = first.status()["proxy"]["active"]
    first.compose("kill", f"odoo-{colour}")
    data = _until(first, lambda data: data["status"] != "running")
    assert data["status"] == "stuck"
    assert "res_partner" in data["error"]
    assert serves(first)
    assert version(first) == "19.0.2.0.0"
    assert "holds the lock of this host with run noreturn" in first.deploy(odoo_releases[2], run="other")["error"]
    assert "since" in first.host("recover", "--discard-writes-since", "2020-01-01T00:00:00+00:00")["error"]
    # the boot unit's, and whoever types it without having read: neither decides for a person
    plain = first.host("recover")
    assert "A person must answer" in plain["error"]
    assert "res_partner" in plain["error"]
    assert (first.journal()["status"], first.status()["lock"]["run"]) == ("stuck", "noreturn")
    assert version(first) == "19.0.2.0.0"
    assert "is not settled" in first.host("up")["error"]
    assert serves(first)
    kept = first.host("recover", "--keep-new")
    assert kept["status"] == "done", kept
    assert first.status()["lock"] is None


STEPS = ["maintenance", "stop_old", "fence", "clone_database", "clone_filestore", "upgrade", "exchange", "start_new",
         "smoke", "switch", "watch"]  # fmt: skip


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_after_any_step_of_an_upgrade_leaves_old_or_new_and_no_database_lost(
    first: Installation, odoo_releases: dict[int, str], step: str
) -> None:
    oid, before = live_oid(first), databases(first)
    partners = first.sql("SELECT count(*), max(write_date) FROM res_partner", LIVE)
    run = f"kill_{step}"
    first.host("plan", "--who=test", f"--run={run}", f"--image={odoo_releases[2]}", "--watch-seconds=0.2")
    assert first.killed_after(step, "apply", "--here", f"--run={run}", told=False) == -9
    # whatever moment it was, the live database is there under one of its two names
    assert first.sql(f"SELECT count(*) FROM pg_database WHERE oid = {oid}") == ["1"]
    settled = first.host("recover")
    forward = step == "watch"
    assert settled["status"] == ("done" if forward else "undone"), settled
    assert serves(first)
    assert version(first) == ("19.0.2.0.0" if forward else "19.0.1.0.0")
    if not forward:
        assert live_oid(first) == oid
        assert databases(first) == before
        assert first.sql("SELECT count(*), max(write_date) FROM res_partner", LIVE) == partners
    assert first.status()["lock"] is None


def _until(
    installation: Installation, true: Callable[[dict[str, Any]], object], seconds: float = 150
) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        data = installation.journal()
        if true(data):
            return data
        time.sleep(0.3)
    raise AssertionError(f"not reached within {seconds} s: {data}")
