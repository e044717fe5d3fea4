"""The client of Alertmanager: what fires now."""

from dataclasses import dataclass
from datetime import datetime

import httpx

from ofitec.errors import TransientError

_TIMEOUT = 2.0  # seconds: a page waits for it
WATCHDOG = "Watchdog"


class AlertmanagerDown(TransientError):
    """Alertmanager does not answer."""


@dataclass(frozen=True)
class Firing:
    """One alert that fires: `severity` is critical, warning or none; texts are those of its rule."""

    name: str
    severity: str
    summary: str
    description: str
    runbook_url: str
    since: datetime


def firing(url: str) -> list[Firing]:
    """Alerts that fire and are neither silenced nor inhibited, the gravest and oldest first; the Watchdog among them.

    :param url: Alertmanager's address
    :raises AlertmanagerDown: if it does not answer within two seconds, or answers something else
    """
    try:
        answer = httpx.get(f"{url}/api/v2/alerts", params={"silenced": "false", "inhibited": "false"}, timeout=_TIMEOUT)
        answer.raise_for_status()
        found = [_read(alert) for alert in answer.json()]
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        raise AlertmanagerDown(f"Alertmanager does not answer ({type(error).__name__}).") from None
    return sorted(found, key=lambda alert: (alert.severity != "critical", alert.since))


def _read(alert: dict[str, dict[str, str] | str]) -> Firing:
    labels, texts = alert["labels"], alert["annotations"]
    assert isinstance(labels, dict)
    assert isinstance(texts, dict)
    return Firing(
        name=labels["alertname"],
        severity=labels.get("severity", "none"),
        summary=texts.get("summary", labels["alertname"]),
        description=texts.get("description", ""),
        runbook_url=texts.get("runbook_url", ""),
        since=datetime.fromisoformat(str(alert["startsAt"])),
    )
