"""Where messages go: Slack, and e-mail when Slack does not take them."""

import logging
from typing import Any

from ofitec.clients import mail, slack
from ofitec.notify.plain import plain_text
from ofitec.settings import settings

log = logging.getLogger(__name__)


def tell(text: str, blocks: list[dict[str, Any]]) -> None:
    """Post to Slack; if Slack refuses in the end, send the same as an e-mail to `OFITEC_ALERT_EMAIL`.

    :raises SlackFailed: if Slack refuses and no address is set
    :raises MailFailed: if both refuse
    """
    try:
        slack.post(text, blocks)
    except slack.SlackFailed as error:
        address = settings().alert_email
        if not address:
            raise
        log.warning("%s Sent by e-mail instead.", error)
        mail.send(address, f"[OFITEC] {text[:120]}", plain_text(text, blocks))
