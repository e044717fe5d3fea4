"""Alerts, runbooks and dashboards name each other, and only metrics that a scrape of the running stack really holds."""

import json
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from dev.stack.services.monitoring_config import SHIPPED
from ofitec.deploy.scale.readings import queries
from ofitec.ledger import continuous
from ofitec.ledger.tables import ContinuousLook, Deployment
from tests.docs.blocks import all_blocks, blocks
from tests.monitoring.drill import Watch
from tests.monitoring.faults import Nights
from tests.monitoring.shipped import RUNBOOKS, alert_names, alerts
from tests.ofitec.board.past import deployment
from tests.waiting import wait_until

# DAG ids are in snake_case, alerts in CamelCase
PAGES = sorted(page for page in RUNBOOKS.glob("*.md") if page.stem[0].isupper() or page.stem.startswith("F29"))
SECTIONS = ["Meaning", "Impact", "Verify", "Diagnose", "Mitigate", "Escalate", "Last drill"]
# the accountant's pages
SECCIONES = ["Qué significa", "Consecuencia", "Comprobar", "Diagnosticar", "Resolver", "Escalar", "Último ensayo"]
DASHBOARD = SHIPPED / "grafana" / "dashboards" / "ofitec.json"
LOG_LINES = [
    "ofitec 200 84 blue GET /web/login 1",
    "ofitec 200 2210 blue POST /web/dataset/call_kw 3",
    "ofitec 500 30 blue GET /x 2",
    "ofitec 503 3 maintenance GET /web -",
    "ofitec 101 90000 blue_live GET /websocket -",
]


def expressions() -> list[tuple[str, str]]:
    """(where, PromQL) of every rule, panel and document, and what odoo_scale asks."""
    found = [(rule["alert"], rule["expr"]) for rule in alerts()]
    found += [(f"odoo_scale: {name}", query) for name, query in queries().items()]
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        found += [(f"panel {panel['title']}", target["expr"]) for target in panel.get("targets", [])]
    return found + [(str(block), block.text) for block in all_blocks() if block.language == "promql"]


def selected(tree: Any) -> set[str]:
    """Names of the metrics in a syntax tree."""
    if isinstance(tree, list):
        return set().union(*(selected(part) for part in tree)) if tree else set()
    if not isinstance(tree, dict):
        return set()
    own = (
        {str(tree["name"])} if tree.get("type") in ("vectorSelector", "matrixSelector") and tree.get("name") else set()
    )
    return own.union(*(selected(part) for part in tree.values()))


def test_every_alert_has_its_runbook_and_every_runbook_its_alert() -> None:
    assert {page.stem for page in PAGES} == alert_names()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_runbook_is_complete_and_its_commands_parse(page: Path) -> None:
    text = page.read_text()
    assert text.startswith(f"# {page.stem}: ")
    spanish = page.stem.startswith("F29")
    assert re.findall(r"(?m)^## (.*)$", text) == (SECCIONES if spanish else SECTIONS)
    commands = [block.text for block in blocks(page) if block.language == "sh"]
    assert commands
    assert len(re.findall(rf"(?m)^ +{'Esperado' if spanish else 'Expected'}: \S", text)) == len(commands)
    for command in commands:
        done = subprocess.run(["bash", "-n"], input=command, text=True, capture_output=True, check=False)
        assert done.returncode == 0, f"{command}: {done.stderr}"
    for link in re.findall(r"\]\(([\w./-]+\.md)\)", text):
        assert (page.parent / link).is_file(), link


@pytest.fixture(scope="module")
def scraped(watch: Watch) -> Iterator[set[str]]:
    """Names of every metric of a stack in which everything has happened once."""
    nights = Nights.of(watch)
    nights.add("drill-names", hours_ago=1)
    done, running = deployment(8, datetime.now(UTC)), deployment(9, datetime.now(UTC))
    done.env, running.env, running.status, running.finished_at = "drill-done", "drill-running", "running", None
    with nights.ledger.transaction() as session:
        session.add_all([done, running])
    now = datetime.now(UTC)
    moments = dict.fromkeys(("mark_at", "base_at", "archived_at", "files_at"), now)
    values = {"waiting_bytes": 1, "repository_up": True, "free_ratio": 0.5, "missing": 0}
    look = continuous.start(nights.ledger, env="drill-names", run_id="r")
    continuous.end(nights.ledger, look, continuous.DONE, **moments, **values)

    used = set().union(*(selected(watch.monitoring.parsed(expression)) for _, expression in expressions()))

    def all_there() -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as proxy:
            for line in LOG_LINES:
                proxy.sendto(f"{line}\n".encode(), ("127.0.0.1", watch.monitoring.log_port))
        return used <= watch.monitoring.metric_names()

    # a busy machine misses scrapes: what is still missing after this long fails the test that names it
    with suppress(AssertionError):
        wait_until(all_there, "a scrape of every exporter")
    yield watch.monitoring.metric_names()
    nights.forget()
    with nights.ledger.transaction() as session:
        session.execute(delete(Deployment).where(Deployment.env.in_(["drill-done", "drill-running"])))
        session.execute(delete(ContinuousLook).where(ContinuousLook.env == "drill-names"))


@pytest.mark.parametrize(("where", "expression"), expressions(), ids=lambda value: value.split("\n")[0][:60])
def test_it_names_only_metrics_that_exist(watch: Watch, scraped: set[str], where: str, expression: str) -> None:
    names = selected(watch.monitoring.parsed(expression))
    assert names or expression == "vector(1)", where
    assert names - scraped == set(), where
    watch.monitoring.query(expression)  # can be worked out


def test_every_business_metric_is_used(watch: Watch, scraped: set[str]) -> None:
    used = set().union(*(selected(watch.monitoring.parsed(expression)) for _, expression in expressions()))
    unused = {name for name in scraped if name.startswith("ofitec_")} - used
    assert unused == set()


def test_the_latency_of_real_requests(watch: Watch, scraped: set[str]) -> None:
    def counted(query: str) -> float:
        [sample] = watch.monitoring.query(query)
        return float(sample["value"][1])

    total = counted("odoo_request_duration_seconds_count")
    # three of the four that are no web socket
    assert counted('odoo_request_duration_seconds_bucket{le="0.1"}') * 4 == pytest.approx(total * 3)
    # three of them were answered by a colour, of which one found two others under way
    assert counted("odoo_requests_in_flight_count") * 4 == pytest.approx(total * 3)
    assert counted('odoo_requests_in_flight_bucket{le=~"2|2.0"}') * 4 == pytest.approx(total * 2)
