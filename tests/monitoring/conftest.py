"""The real stack, watched by real Prometheus and Alertmanager at a quick pace, with a mail server of the test's own."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from dev.stack.local_stack import LocalStack
from dev.stack.machine import ports
from dev.stack.services import airflow as stack_airflow
from dev.stack.services import monitoring
from dev.stack.services.airflow import Airflow
from dev.stack.services.monitoring import Watched
from dev.stack.services.monitoring_config import Pace
from tests.monitoring.drill import Drill, Mails, Watch

DAGS = Path(__file__).parent / "dags"
# scrape and evaluate each second, and every rule's own `for` cut to one second
QUICK = Pace(scrape=1, evaluate=1, hold=1, group_wait=1, group_interval=5)
MAIL_USER = "alertas@example.cl"
MAIL_PASSWORD = "drill-mail-word"
PEOPLE = "operaciones@example.cl"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: bool({"watch", "drill"} & set(getattr(item, "fixturenames", ()))))


def _authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (
        MAIL_USER.encode(),
        MAIL_PASSWORD.encode(),
    )
    return AuthResult(success=good, handled=good)


@pytest.fixture(scope="package")
def mails(local_stack: LocalStack) -> Iterator[Mails]:
    """A mail server that lets only the configured account in."""
    inbox = Mails(ports.port_of(local_stack.place, "smtp"))
    server = Controller(
        inbox,
        hostname="127.0.0.1",
        port=inbox.port,
        authenticator=_authenticate,
        auth_required=True,
        auth_require_tls=False,
        # Alertmanager would choose LOGIN, whose prompts it and aiosmtpd spell differently
        auth_exclude_mechanism=["LOGIN"],
    )
    server.start()
    yield inbox
    server.stop()


@pytest.fixture(scope="package")
def watch(local_stack: LocalStack, airflow: Airflow, mails: Mails) -> Iterator[Watch]:
    """The session's stack, watched."""
    stack = local_stack
    watched = Watched(
        airflow_url=airflow.url,
        metrics_token_file=stack.metrics_token_file,
        odoo_url=stack.odoo.url,
        slack_webhook=stack.slack_sink.webhook,
        dead_mans_switch=f"{stack.slack_sink.url}/dead-mans-switch",
        smtp=f"127.0.0.1:{mails.port}",
        smtp_password=MAIL_PASSWORD,
    )
    yield Watch(stack, airflow, monitoring.up(stack.place, stack.processes, stack.postgres, watched, QUICK), mails)
    monitoring.down(stack.processes)


@pytest.fixture(scope="package")
def drill(watch: Watch, tmp_path_factory: pytest.TempPathFactory) -> Drill:
    """The watched stack, its Airflow started anew with mail and the drill's DAGs: nobody else uses it later."""
    stack = watch.stack
    dags = tmp_path_factory.mktemp("drill") / "dags"
    shutil.copytree(DAGS, dags)
    smtp = {
        "conn_type": "smtp",
        "host": "127.0.0.1",
        "port": watch.mails.port,
        "login": MAIL_USER,
        "password": MAIL_PASSWORD,
        "extra": {"disable_ssl": True, "disable_tls": True, "from_email": MAIL_USER},
    }
    quick = {
        "OFITEC_ALERT_EMAIL": PEOPLE,
        # a killed worker is missed after 15 s, not after five minutes
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "15",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    }

    def start_watched() -> Airflow:
        return stack_airflow.up(
            stack.place,
            stack.processes,
            stack.postgres,
            connections={**stack.connections(), "smtp_default": smtp},
            settings={**stack.settings(), **quick},
            extra_dags=dags,
        )

    return Drill(stack, start_watched(), watch.monitoring, watch.mails, dags, start_watched)
