"""CODE deploys and rollbacks under load: no user sees one failed request, whatever the image is like."""

import json
import os
import signal
import time

import pytest

from tests.ofitec.deploy.installation import Installation
from tests.ofitec.deploy.load import Load


def test_twenty_switches_under_load_fail_no_request(small: Installation, tiny: dict[str, str]) -> None:
    switches = 0
    with Load(small.http) as load:
        for number in range(10):
            image = tiny["two"] if small.get("/release") == "200 1" else tiny["one"]
            done = small.deploy(image, "--watch-seconds=0.5", run=f"switch{number}")
            assert done.get("status") == "done", done
            back = small.host("plan-rollback", "--who=test", f"--run=back{number}", "--watch-seconds=0.5")
            assert "error" not in back, back
            assert small.host("apply", "--here", f"--run=back{number}")["status"] == "done"
            switches += 2
    assert switches == 20
    assert dict(load.failed) == {}
    assert min(load.answers["1"], load.answers["2"]) > 300
    assert load.worst_gap < 1


@pytest.mark.parametrize(
    ("image", "why"),
    [
        ("crash", "this release cannot start"),
        ("unhealthy", "gave no 200 within 8 s"),
        ("refuses", "refused the login of the smoke user"),
        ("errors", "requests to the new version failed"),
    ],
)
def test_a_bad_image_fails_no_request_and_says_why(
    small: Installation, tiny: dict[str, str], image: str, why: str
) -> None:
    before = small.get("/release")
    options = ["--watch-seconds=20", "--canary-percent=0"]
    with Load(small.http) as load:
        done = small.deploy(tiny[image], *options, run=f"bad-{image}")
        time.sleep(0.5)
    assert why in done["error"]
    assert small.get("/release") == before
    assert small.journal()["status"] == "undone"
    assert small.status()["lock"] is None
    if image != "errors":  # that one is only found out by real requests: it returns within seconds
        assert dict(load.failed) == {}
    else:
        assert load.failures > 0
        assert load.worst_gap < 5


def test_a_missing_tag_or_a_wrong_digest_touches_nothing(small: Installation, tiny: dict[str, str]) -> None:
    repository = tiny["one"].split("@")[0]
    journal = small.journal()
    with Load(small.http, clients=4) as load:
        missing = small.deploy(f"{repository}:never-pushed", run="missing")
        wrong = small.deploy(f"{repository}@sha256:{'0' * 64}", run="wrong")
        moving = small.deploy(f"{repository}:latest", run="moving")
    assert "cannot be pulled" in missing["error"]
    assert "cannot be pulled" in wrong["error"]
    assert "may mean another image tomorrow" in moving["error"]
    assert small.journal() == journal
    assert small.status()["lock"] is None
    assert dict(load.failed) == {}


def test_the_second_of_two_deploys_is_told_who_holds_the_lock_and_since_when(
    small: Installation, tiny: dict[str, str]
) -> None:
    image = tiny["two"] if small.get("/release") == "200 1" else tiny["one"]
    first = small.host("plan", "--who=Paula", "--run=first", f"--image={image}")
    second = small.host("plan", "--who=Pedro", "--run=second", f"--image={image}")
    assert second["kind"] == "Locked"
    assert "Paula holds the lock of this host with run first" in second["error"]
    assert small.status()["lock"]["since"] in second["error"]
    assert "unlock --run first" in second["error"]
    assert "error" in small.host("unlock", "--run=second")
    assert small.host("unlock", "--run=first") == {"released": True}
    assert first["mode"] == "CODE"


def test_a_running_request_ends_on_the_old_colour(small: Installation, tiny: dict[str, str]) -> None:
    image = tiny["two"] if small.get("/release") == "200 1" else tiny["one"]
    with Load(small.http, clients=2, path="/slow/3") as load:
        assert small.deploy(image, "--watch-seconds=0", run="slow")["status"] == "done"
    assert dict(load.failed) == {}


def test_a_canary_gets_its_share_of_new_sessions_and_is_promoted(small: Installation, tiny: dict[str, str]) -> None:
    old = small.get("/release").split()[1]
    image = tiny["two"] if old == "1" else tiny["one"]
    with Load(small.http, clients=8) as load:
        done = small.deploy(image, "--watch-seconds=0", "--canary-percent=30", "--canary-seconds=4", run="canary")
    assert done["status"] == "done", done
    seen = done["facts"]["canary_requests"]
    during = next(step["seconds"] for step in done["steps"] if step["name"] == "canary")
    assert done["facts"]["canary_errors"] == 0
    # every request of the load is a new session: it keeps no cookie
    assert 0.1 < seen / (load.good / sum(s["seconds"] for s in done["steps"]) * during) < 0.6
    assert small.status()["proxy"]["canary"] == "none"
    assert dict(load.failed) == {}


def test_a_canary_that_fails_is_withdrawn_and_most_users_never_met_it(
    small: Installation, tiny: dict[str, str]
) -> None:
    before = small.get("/release")
    with Load(small.http, clients=8) as load:
        done = small.deploy(tiny["errors"], "--canary-percent=10", "--canary-seconds=30", run="withdrawn")
    assert "requests to the new version failed" in done["error"]
    assert small.get("/release") == before
    assert load.failures < 0.05 * load.good


STEPS = ["start_new", "smoke", "switch", "watch", "record", "cron", "drain"]


@pytest.mark.parametrize(
    ("step", "told"), [*((step, False) for step in STEPS), ("switch", True), ("watch", True), ("record", True)]
)
def test_a_kill_after_any_step_leaves_old_or_new_serving(
    small: Installation, tiny: dict[str, str], step: str, told: bool
) -> None:
    old = small.get("/release").split()[1]
    new = "2" if old == "1" else "1"
    run = f"kill-{step}-{'told' if told else 'untold'}"
    with Load(small.http, clients=4) as load:
        image = tiny["two" if new == "2" else "one"]
        small.host("plan", "--who=test", f"--run={run}", f"--image={image}", "--watch-seconds=0.2")
        assert small.killed_after(step, "apply", "--here", f"--run={run}", told=told) == -9
        settled = small.host("recover")
    after_switch = STEPS.index(step) > STEPS.index("switch") or (step == "switch" and told)
    assert settled["status"] == ("done" if after_switch else "undone"), settled
    assert small.get("/release") == f"200 {new if after_switch else old}"
    assert dict(load.failed) == {}
    assert small.host("recover")["status"] == "nothing to do"
    status = small.status()
    assert status["lock"] is None
    assert status["current"]["colour"] == status["proxy"]["active"]


def test_a_killed_worker_is_recovered_by_its_supervisor(small: Installation, tiny: dict[str, str]) -> None:
    old = small.get("/release").split()[1]
    image = tiny["two" if old == "1" else "one"]
    small.host("plan", "--who=test", "--run=orphan", f"--image={image}", "--watch-seconds=60")
    with Load(small.http, clients=4) as load:
        started = small.host("apply", "--run=orphan")
        assert started["pid"]
        _wait(small, "watch")
        assert "is under way" in small.host("recover")["error"]
        worker = int((small.root / "state/process").read_text().split()[1])
        os.kill(worker, signal.SIGKILL)
        deadline = time.monotonic() + 60
        while small.journal()["status"] == "running" and time.monotonic() < deadline:
            time.sleep(0.3)
    assert small.journal()["status"] == "done"
    assert small.get("/release") != f"200 {old}"
    assert dict(load.failed) == {}


def test_a_disk_that_fills_during_the_clone_leaves_the_old_version_serving(
    small: Installation, tiny: dict[str, str]
) -> None:
    before = small.get("/release")
    small.compose("exec", "-T", "db", "chown", "postgres:", "/small")
    small.sql("CREATE TABLE ballast AS SELECT md5(n::text) FROM generate_series(1, 400000) n", "odoo")  # 26 MB of 48
    small.sql("CREATE TABLESPACE small LOCATION '/small'")
    small.sql("ALTER DATABASE odoo SET TABLESPACE small")
    try:
        done = small.deploy(tiny["newer"], run="full")
        assert small.journal()["mode"] == "MIGRATE"
        assert "No space left on device" in done["error"]
        assert small.journal()["status"] == "undone"
        assert small.get("/release") == before
        assert small.sql("SELECT datname, datallowconn FROM pg_database WHERE datname LIKE 'odoo%'") == ["odoo|t"]
    finally:
        small.sql("ALTER DATABASE odoo SET TABLESPACE pg_default")
        small.sql("DROP TABLESPACE small")
        small.sql("DROP TABLE ballast", "odoo")


def test_a_disk_that_fills_under_maintenance_does_not_keep_people_there(
    small: Installation, tiny: dict[str, str]
) -> None:
    before = small.get("/release")
    file = small.root / "state/proxy/active.map"
    assert small.host("plan", "--who=test", "--run=nodisk", f"--image={tiny['newer']}")["mode"] == "MIGRATE"
    done = small.filled_after("stop_old", "apply", "--here", "--run=nodisk")
    assert "File too large" in done["error"]
    assert small.get("/release") == before
    assert "maintenance" in file.read_text()
    assert small.host("recover")["status"] == "undone"
    assert small.status()["proxy"]["active"] in file.read_text()
    assert "maintenance" not in file.read_text()
    assert small.status()["lock"] is None
    assert small.sql("SELECT datname, datallowconn FROM pg_database WHERE datname LIKE 'odoo%'") == ["odoo|t"]


def test_a_map_file_that_does_not_say_what_serves_is_mended_by_recover(small: Installation) -> None:
    file = small.root / "state/proxy/active.map"
    right = file.read_text()
    file.write_text(right.replace(small.status()["proxy"]["active"], "maintenance", 1))
    assert small.host("recover")["status"] == "nothing to do"
    assert file.read_text() == right


def test_a_restart_in_the_past_refuses_no_deploy_but_one_just_now_does(
    small: Installation, tiny: dict[str, str]
) -> None:
    image = tiny["two"] if small.get("/release") == "200 1" else tiny["one"]
    service = f"odoo-{small.status()['proxy']['active']}"
    container = small.compose("ps", "--quiet", service).strip()
    os.kill(int(small.docker.run("inspect", "--format", "{{.State.Pid}}", container)), signal.SIGKILL)
    deadline = time.monotonic() + 30
    shown = "{{.RestartCount}} {{.State.Status}}"
    while small.docker.run("inspect", "--format", shown, container).strip() != "1 running":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    refused = small.host("plan", "--who=test", "--run=early", f"--image={image}")
    assert "was restarted" in refused["error"]
    assert "1 times so far" in refused["error"]
    time.sleep(31)
    assert small.deploy(image, "--watch-seconds=0", run="later")["status"] == "done"


def test_haproxy_comes_back_with_the_colour_it_had(small: Installation) -> None:
    before = small.get("/release")
    small.compose("restart", "--timeout", "1", "proxy")
    deadline = time.monotonic() + 20
    answer = ""
    while answer != before and time.monotonic() < deadline:
        try:
            answer = small.get("/release")
        except OSError:
            time.sleep(0.1)
    assert answer == before


def test_users_never_reach_the_operators_door_and_no_secret_is_in_any_container(small: Installation) -> None:
    ids = small.compose("ps", "--all", "--quiet").split()
    described = small.docker.run("inspect", *ids)
    for secret in (small.root / "secrets").iterdir():
        assert (secret.stat().st_mode & 0o777) == 0o600
        assert secret.read_text() not in described
    held = json.loads(described)
    published = [b for one in held for ports in (one["NetworkSettings"]["Ports"] or {}).values() for b in ports or []]
    assert {binding["HostIp"] for binding in published} == {"127.0.0.1"}


def _wait(installation: Installation, step: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        data = installation.journal()
        if data["steps"] and data["steps"][-1]["name"] == step:
            return
        time.sleep(0.1)
    raise AssertionError(f"step {step} was not reached")
