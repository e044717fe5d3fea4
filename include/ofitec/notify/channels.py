"""Where messages go: Slack, and e-mail when Slack does not take them."""

import logging
from typing import Any

from ofitec.clients import mail, slack
from ofitec.notify.escape import close
from ofitec.notify.plain import plain_text
from ofitec.notify.redact import redact
from ofitec.settings import settings

log = logging.getLogger(__name__)


def tell(text: str, blocks: list[dict[str, Any]]) -> None:
    """Post to Slack; if Slack refuses in the end, send the same as an e-mail to `OFITEC_ALERT_EMAIL`.

    Secrets, mentions and links that lead elsewhere are taken out first, whoever made the message.

    :raises SlackFailed: if Slack refuses and no address is set
    :raises MailFailed: if both refuse
    """
    text, blocks = closed(text, blocks)
    try:
        slack.post(text, blocks)
    except slack.SlackFailed as error:
        address = settings().alert_email
        if not address:
            raise
        log.warning("%s Sent by e-mail instead.", error)
        mail.send(address, f"[OFITEC] {text[:120]}", plain_text(text, blocks))


def closed(text: str, blocks: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    """The message as it may be kept and sent: links lead to Airflow, Odoo, our files and runbooks only."""
    from airflow.configuration import conf

    chosen = settings()
    airflow = conf.get("api", "base_url", fallback="http://localhost:8080")
    ours = (airflow, chosen.odoo_url, chosen.export_link_base, chosen.runbook_url)
    return close((text, blocks), ours, redact)
