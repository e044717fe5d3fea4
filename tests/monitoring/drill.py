"""The watched stack and the mails it sends; and what a drill adds to it."""

import email
import email.policy
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from dev.stack.local_stack import LocalStack
from dev.stack.services.airflow import Airflow
from dev.stack.services.monitoring import Monitoring


@dataclass
class Mails:
    """Mails received: subject and text of each, oldest first."""

    port: int
    received: list[tuple[str, str]] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        message = email.message_from_bytes(envelope.original_content or b"", policy=email.policy.default)
        body = message.get_body(("plain", "html"))
        self.received.append((str(message["subject"]), body.get_content() if body else ""))
        return "250 OK"


@dataclass(frozen=True)
class Watch:
    """The stack, and what watches it."""

    stack: LocalStack
    airflow: Airflow
    monitoring: Monitoring
    mails: Mails


@dataclass(frozen=True)
class Drill(Watch):
    """Everything a fault and its alarm need: Airflow's DAG folder of the drill's own, and a way to start it again."""

    dags: Path
    start_airflow: Callable[[], Airflow]
