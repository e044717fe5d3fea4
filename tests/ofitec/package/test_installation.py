"""A whole Airflow from the wheel alone, below a sub-path: its DAGs, a month's F29, the board, the connection forms.

The pictures go to `.local/test/pictures`; with OFITEC_PICTURES=docs/images they renew the documentation's.
"""

import html
import os
import secrets
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from dev.stack.company.company import RUT
from dev.stack.local_stack import LocalStack
from dev.stack.machine import ports
from dev.stack.services import s3
from dev.stack.services.airflow import COMPONENTS, USER, connections_env
from dev.stack.services.airflow_api import AirflowApi
from dev.stack.services.browser import sign_in_to_airflow
from tests.docs.blocks import ROOT
from tests.ofitec.package.installation import DAGS, Installation
from tests.waiting import wait_until

pytestmark = pytest.mark.drill

PICTURES = ROOT / os.environ.get("OFITEC_PICTURES", ".local/test/pictures")
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
EXPORTS = "desde-el-paquete"


@dataclass(frozen=True)
class Running:
    """The installation's own Airflow, with databases of its own; Odoo, S3 and Slack are the stack's."""

    stack: LocalStack
    api: AirflowApi
    password: str
    env: dict[str, str]


@pytest.fixture(scope="module")
def running(installed: Installation, local_stack: LocalStack) -> Iterator[Running]:
    stack, server = local_stack, local_stack.postgres
    for name, role in (("wheel_airflow", "airflow"), ("wheel_ledger", "ofitec")):
        server.drop(name)
        server.create(name, role)
    url = f"http://127.0.0.1:{ports.port_of(stack.place, 'wheel')}/airflow"
    password = secrets.token_urlsafe(12)
    connections = stack.connections()
    connections["ofitec_ledger"] = {**connections["ofitec_ledger"], "schema": "wheel_ledger"}
    home = installed.folder / "airflow"
    env = installed.env(
        {
            **stack.settings(),
            **connections_env(connections),
            "PATH": f"{installed.folder}/venv/bin:{stack.settings()['PATH']}",
            "OFITEC_EXPORT_URL": f"{stack.export_url}/{EXPORTS}",
            "AIRFLOW__API__BASE_URL": url,
            "AIRFLOW__API__PORT": str(urlsplit(url).port),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API__SECRET_KEY": secrets.token_urlsafe(32),
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(32),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": server.dsn("wheel_airflow", "airflow"),
        }
    )
    home.mkdir(exist_ok=True)
    (home / "passwords.json").write_text(f'{{"{USER}": "{password}"}}')
    for verb in (("db", "migrate"), ("ofitec", "migrate")):
        done = installed.run("airflow", *verb, env=env)
        assert done.returncode == 0, done.stderr
    names = [f"wheel-{component}" for component in COMPONENTS]
    for name, component in zip(names, COMPONENTS, strict=True):
        stack.processes.start(name, [f"{installed.folder}/venv/bin/airflow", component], env=env, cwd=installed.folder)
    api = AirflowApi(url, USER, password)
    stack.processes.wait(names[0], lambda: not api.healthy(), timeout=180)
    yield Running(stack, api, password, env)
    for name in names:
        stack.processes.stop(name)
    for name in ("wheel_airflow", "wheel_ledger"):
        server.drop(name)


@pytest.fixture(scope="module")
def page(running: Running, browser: Browser) -> Iterator[Page]:
    window = browser.new_context(viewport={"width": 1280, "height": 900}, locale="es-CL")
    shown = window.new_page()
    # without a session the board sends to Airflow's login, and from there back
    shown.goto(f"{running.api.url}/ofitec/board")
    assert urlsplit(shown.url).path == "/airflow/auth/login"
    sign_in_to_airflow(shown, USER, running.password)
    shown.wait_for_selector("h1:has-text('Tablero OFITEC')", timeout=60_000)
    assert urlsplit(shown.url).path == "/airflow/ofitec/board"
    yield shown
    window.close()


def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / name)


def test_its_dags_are_listed(running: Running) -> None:
    wait_until(lambda: running.api.dag_ids() >= DAGS, "the wheel's DAGs")
    assert running.api.import_errors() == {}
    found = running.api.call("GET", "/dags/f29_monthly")
    assert (found["bundle_name"], found["bundle_version"]) == ("ofitec", VERSION)


def test_a_months_f29_is_closed_by_it(running: Running) -> None:
    stack = running.stack
    before = len(stack.slack_sink.messages())
    running.api.run("f29_monthly", {"period": stack.period}, timeout=300)
    delivered = [key for key in stack.s3.keys(s3.EXPORT_BUCKET) if f"/{EXPORTS}/f29/{RUT}/{stack.period}/v1/" in key]
    assert {Path(key).suffix for key in delivered} >= {".csv", ".json", ".xml"}
    told = stack.slack_sink.messages()[before:]
    assert [message for message in told if "F29 de" in message["text"]]


def test_the_doctor_says_that_all_is_well(running: Running, installed: Installation, page: Page) -> None:
    installed.make_repository(running.env)
    done = installed.run("airflow", "ofitec", "doctor", env=running.env)
    assert done.returncode == 0, done.stdout
    assert done.stdout.strip().splitlines()[-1].startswith("All is well")
    shown_as_a_terminal(page, done.stdout.replace(str(ROOT), "/opt/ofitec"), "doctor.png")


def test_the_board_is_served_below_the_sub_path(running: Running, page: Page) -> None:
    picture(page, "board-below-airflow.png")
    page.click("a.home")
    page.click("[aria-label=OFITEC]", timeout=60_000)
    page.frame_locator("iframe").locator("h1:has-text('OFITEC')").wait_for(timeout=60_000)
    assert urlsplit(page.url).path.startswith("/airflow/")


@pytest.mark.parametrize(
    ("kind", "name", "standard", "extra"),
    [
        ("Odoo", "odoo", ("Usuario del robot", "Clave o API key del robot"), ("Base de datos", "Protocolo")),
        (
            "Repositorio restic",
            "restic",
            ("Clave del repositorio (o indique su archivo abajo)",),
            ("Repositorio", "Archivo de la clave", "Azure: cuenta de almacenamiento"),
        ),
        ("Host de Odoo (SSH)", "odoo_host", ("Usuario en el host",), ("Llave del host", "Archivo de la llave privada")),
    ],
)
def test_the_connection_forms_have_labelled_fields(
    running: Running, page: Page, kind: str, name: str, standard: tuple[str, ...], extra: tuple[str, ...]
) -> None:
    page.goto(f"{running.api.url}/connections")
    page.get_by_role("button", name="Agregar Conexión").click()
    form = page.get_by_role("dialog")
    form.locator("input[role=combobox]").fill(kind)
    page.get_by_role("option", name=kind, exact=True).click()
    for label in standard:
        form.get_by_text(label, exact=True).wait_for()
    form.get_by_role("button", name="Campos Extra", exact=True).click()
    for label in extra:
        form.get_by_text(label, exact=True).wait_for()
    form.evaluate("node => Promise.all(node.getAnimations({subtree: true}).map(one => one.finished))")
    picture(page, f"connection-{name}.png")


def shown_as_a_terminal(page: Page, text: str, name: str) -> None:
    """A picture of what a terminal showed."""
    window = page.context.new_page()
    window.set_viewport_size({"width": 1180, "height": 200})
    style = "margin:0;padding:20px;background:#1b1f24;color:#e6e6e6;font:14px/1.5 'DejaVu Sans Mono',monospace"
    window.set_content(f'<pre style="{style};white-space:pre-wrap">{html.escape(text)}</pre>')
    PICTURES.mkdir(parents=True, exist_ok=True)
    window.screenshot(path=PICTURES / name, full_page=True)
    window.close()
