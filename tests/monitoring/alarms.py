"""What reached people: alarms of Alertmanager and messages of Airflow's callbacks, in Slack and by mail."""

import json
from dataclasses import dataclass

from tests.monitoring.drill import Drill

FIRING, RESOLVED = ("Crítico", "Aviso"), ("Resuelto",)


@dataclass(frozen=True)
class Ear:
    """Listens from the moment it is made."""

    drill: Drill
    slack_from: int
    mail_from: int

    @classmethod
    def now(cls, drill: Drill) -> "Ear":
        return cls(drill, len(drill.stack.slack_sink.messages()), len(drill.mails.received))

    def slack(self) -> list[str]:
        """Messages to Slack since then, as text."""
        new = self.drill.stack.slack_sink.messages()[self.slack_from :]
        # the dead man's switch listens at the same server
        return [json.dumps(m, ensure_ascii=False) for m in new if m.get("receiver") != "dead-mans-switch"]

    def mail(self) -> list[str]:
        """Mails since then: subject, then text."""
        return [f"{subject}\n{text}" for subject, text in self.drill.mails.received[self.mail_from :]]

    def alarms(self, place: str, alert: str, states: tuple[str, ...]) -> int:
        """How many messages about an alert, in one of these states, reached "slack" or "mail"."""
        mark = {"slack": f"`{alert}`", "mail": f"Alerta: {alert}"}[place]
        heard = self.slack() if place == "slack" else self.mail()
        return len([text for text in heard if mark in text and any(f"{state}: " in text for state in states)])
