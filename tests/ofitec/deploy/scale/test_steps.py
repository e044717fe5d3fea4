"""`odoo_scale` from readings to ledger and Slack, on a real ledger; the host and Prometheus answer as they would."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ofitec.clients import prometheus
from ofitec.clients.prometheus import PrometheusDown
from ofitec.deploy.host import cli
from ofitec.deploy.scale import readings, steps
from ofitec.deploy.scale.decision import Act
from ofitec.ledger import Ledger, scalings
from ofitec.ledger.exclusive import ODOO, held
from ofitec.notify import channels
from ofitec.settings import settings
from tests.ofitec.deploy.scale.test_decision import CROWDED

WHO = {"who": "odoo_scale"}
TOLD = {"url": "https://airflow/x", "dag_id": "odoo_scale", "run_id": "r"}
NAMES = {query: name for name, query in readings.queries().items()}


class Host:
    """The host program's answers: a release with so many workers, changed by what is asked."""

    def __init__(self) -> None:
        self.workers, self.asked = 2, list[str]()
        self.lock: dict[str, str] | None = None
        self.journal: dict[str, Any] | None = None
        self.ends = "done"

    def verb(self, *args: str, timeout: float = 600) -> dict[str, Any]:
        given = cli._parser().parse_args(args)
        self.asked.append(args[0])
        if args[0] == "workers":
            return {"workers": self.workers, "cron_threads": 1}
        if args[0] == "plan-workers":
            self.lock, self.wanted = {"run": given.run, "who": given.who}, given.workers
        if args[0] == "apply":
            moment = datetime.now(UTC).isoformat(timespec="seconds")
            switch = {"name": "switch", "state": "done", "at": moment, "seconds": 0.1}
            self.journal = {"run": given.run, "status": self.ends, "error": "", "steps": [switch]}
            self.workers, self.lock = (self.wanted if self.ends == "done" else self.workers), None
        return {"current": {"run": "init"}, "lock": self.lock, "journal": self.journal}

    def follow(self, run: str, on_step: Callable[[list[dict[str, Any]]], None], *, timeout: float) -> dict[str, Any]:
        assert self.journal is not None
        on_step(self.journal["steps"])
        return self.journal

    def settle(self, run: str) -> dict[str, Any]:
        if self.lock and self.lock["run"] == run:
            self.lock = None
        return self.verb("status")


class World:
    """What is measured, what the host says, and what Slack got."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.host = ledger, Host()
        self.measured: dict[str, float | None] = {**CROWDED.shown(), "log_age": 20.0, "node_age": 10.0}
        self.waited: list[tuple[float | None, float | None]] = []  # (p95, requests) before and after a change
        self.told: list[tuple[str, str]] = []
        self.down = False

    def value(self, url: str, query: str, at: datetime | None = None) -> float | None:
        assert url == "http://prometheus:9090"
        if self.down:
            raise PrometheusDown("Prometheus at http://prometheus:9090 does not answer (ConnectError).")
        if at is None:
            return self.measured[NAMES[query]]
        pair = self.waited[0]
        if query.startswith("sum"):
            self.waited.pop(0)
            return pair[1]
        return pair[0]

    def run(self, name: str, *, now: bool = False) -> str:
        """One run of the DAG; the status in the ledger."""
        decided = steps.consider(run=name, now=now, **WHO, **TOLD)
        if decided is not None:
            steps.change(steps.read(json.loads(json.dumps(decided))), run=name, **WHO)
            steps.settle(run=name, **TOLD)
        return str(self.row(name).status)

    def row(self, name: str) -> Any:
        row = scalings.get(self.ledger, name)
        assert row is not None
        return row

    def earlier(self, name: str, minutes: int) -> None:
        """Put a run into the past."""
        row = self.row(name)
        moved = {"decided_at": row.decided_at - timedelta(minutes=minutes)}
        if row.switched_at:
            moved["switched_at"] = row.switched_at - timedelta(minutes=minutes)
        scalings.change(self.ledger, name, **moved)


@pytest.fixture
def world(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made = World(ledger)
    monkeypatch.setattr(steps, "remote", lambda: made.host)
    monkeypatch.setattr(steps, "open_ledger", lambda: ledger)
    monkeypatch.setattr(prometheus, "value", made.value)
    monkeypatch.setattr(channels, "tell", lambda text, blocks: made.told.append((text, json.dumps(blocks))))
    monkeypatch.setenv("OFITEC_SCALE", "apply")
    monkeypatch.setenv("OFITEC_PROMETHEUS_URL", "http://prometheus:9090")
    settings.cache_clear()
    yield made
    settings.cache_clear()


@pytest.fixture
def proposing(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("OFITEC_SCALE", "propose")
    settings.cache_clear()
    return world


def test_a_proposal_changes_nothing_and_is_told_once(proposing: World) -> None:
    assert [proposing.run(f"run{number}") for number in range(3)] == ["proposed"] * 3
    assert [text.partition(".")[0] for text, _ in proposing.told] == ["🟡 A Odoo le convienen 6 procesos (tiene 2)"]
    assert "Hay 4,6 peticiones a la vez para 2 procesos" in proposing.told[0][1]
    assert "plan-workers" not in proposing.host.asked
    assert scalings.get(proposing.ledger, "run0") is None  # the newest alone is kept
    proposing.measured["at_once"] = 5.6
    proposing.run("run4")
    assert len(proposing.told) == 2


def test_a_proposal_is_carried_out_when_a_person_says_so(proposing: World) -> None:
    assert proposing.run("run1", now=True) == "done"
    assert proposing.host.workers == 6
    assert proposing.told[-1][0].startswith("✅ Odoo pasó de 2 a 6 procesos")


def test_a_change_that_did_good_stays(world: World) -> None:
    assert world.run("grow") == "done"
    assert (world.row("grow").workers, world.row("grow").target) == (2, 6)
    assert world.run("soon") == "stay"
    assert "El cambio de 2 a 6 procesos se compara desde las" in world.row("soon").reason
    world.earlier("grow", 20)
    world.waited = [(1.8, 900.0), (0.6, 950.0)]
    assert world.run("later") == "stay"
    assert (world.row("grow").verdict, world.row("grow").p95_before, world.row("grow").p95_after) == ("fine", 1.8, 0.6)
    assert "hasta que pase una hora" in world.row("later").reason
    assert len(world.told) == 1  # of what stays nothing is said


def test_a_change_that_did_harm_is_taken_back_and_not_tried_again(world: World) -> None:
    world.run("grow")
    world.earlier("grow", 20)
    world.waited = [(1.8, 900.0), (3.1, 900.0)]
    assert world.run("back") == "done"
    assert world.host.workers == 2
    assert world.row("back").act == Act.RETURN
    assert world.told[-1][0].startswith("↩️ Odoo volvió de 6 a 2 procesos. Con 6 procesos el 95 % responde en menos de")
    # an hour later people still wait: fewer than what came out worse
    world.earlier("grow", 60)
    world.earlier("back", 61)
    assert world.run("again") == "done"
    assert world.host.workers == 5
    assert "con 6 resultó peor en las últimas 24 horas" in world.row("again").reason


def test_it_goes_back_by_itself_also_where_a_person_had_asked_for_the_change(proposing: World) -> None:
    proposing.run("grow", now=True)
    proposing.earlier("grow", 20)
    proposing.waited = [(1.8, 900.0), (3.1, 900.0)]
    assert proposing.run("back") == "done"
    assert proposing.host.workers == 2


def test_no_room_to_go_back_is_said_and_tried_again(world: World) -> None:
    world.run("grow")
    world.earlier("grow", 20)
    world.waited = [(1.8, 900.0), (3.1, 900.0)]
    world.measured["free"] = 1.0
    assert world.run("back") == "stay"
    assert "Para volver a 2 falta memoria libre" in world.row("back").reason
    world.measured["free"] = CROWDED.free
    assert world.run("back2") == "done"
    assert world.host.workers == 2


def test_a_number_that_a_person_chose_since_is_not_taken_back(world: World) -> None:
    world.run("grow")
    world.earlier("grow", 20)
    world.host.workers = 4
    world.run("look")
    assert world.row("grow").verdict is None
    assert world.row("look").act == Act.STAY


def test_a_change_that_failed_is_settled_and_not_tried_at_once(world: World) -> None:
    world.host.ends = "undone"
    assert world.run("grow") == "undone"
    assert world.told == []  # the failed run tells
    assert world.run("next") == "stay"
    world.earlier("grow", 61)
    world.host.ends = "done"
    assert world.run("less") == "done"
    assert world.host.workers == 5


@pytest.mark.parametrize("missing", ["p95", "free", "at_once_day", "node_age"])
def test_what_is_not_measured_changes_nothing(world: World, missing: str) -> None:
    world.measured[missing] = None
    assert world.run("run1") == "stay"
    assert "Faltan mediciones" in world.row("run1").reason


def test_a_prometheus_that_is_down_is_a_reason_and_no_failure(world: World) -> None:
    world.down = True
    assert world.run("run1") == "stay"
    assert "No se pudo medir: Prometheus at http://prometheus:9090 does not answer" in world.row("run1").reason


def test_a_deploy_that_waits_is_left_alone(world: World) -> None:
    world.host.lock = {"run": "other", "who": "Paula"}
    assert world.run("run1") == "stay"
    assert "Hay un despliegue en curso o por aprobar (Paula)" in world.row("run1").reason
    world.host.lock, world.host.journal = None, {"run": "other", "status": "stuck", "steps": []}
    assert world.run("run2") == "stay"
    assert "no terminó" in world.row("run2").reason


def test_while_a_backup_works_nothing_is_begun(world: World) -> None:
    decided = steps.consider(run="run1", now=False, **WHO, **TOLD)
    assert decided is not None
    with ExitStack() as stack:
        stack.enter_context(held(world.ledger, ODOO, why="backup_nightly", wait=0))
        with pytest.raises(steps.NotNow, match="backup_nightly"):
            steps.change(steps.read(decided), run="run1", **WHO)
    assert steps.settle(run="run1", **TOLD) == "dropped"
    assert "plan-workers" not in world.host.asked
    assert world.run("run2") == "done"  # what was not begun is no attempt


def test_a_run_that_was_cleared_or_tried_again_decides_once(world: World) -> None:
    decided = steps.consider(run="run1", now=False, **WHO, **TOLD)
    world.measured["at_once"] = 1.0
    assert steps.consider(run="run1", now=False, **WHO, **TOLD) == decided  # its worker died before it could hand it on
    assert decided is not None
    steps.change(steps.read(decided), run="run1", **WHO)
    steps.change(steps.read(decided), run="run1", **WHO)  # a retry only follows
    assert world.host.asked.count("apply") == 1
    assert steps.settle(run="run1", **TOLD) == "done"
    assert steps.consider(run="run1", now=False, **WHO, **TOLD) is None
    assert world.row("run1").status == "done"
