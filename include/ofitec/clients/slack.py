"""The client of Slack: an incoming webhook through Airflow's Slack provider, connection `slack_default`."""

import logging
from typing import Any

from ofitec.connections import connection
from ofitec.errors import TransientError

_ATTEMPTS = 4
# what Slack says to a message without text when the webhook itself is good
_EMPTY = ("no_text", "invalid_payload", "missing_text_or_fallback_or_attachments")


class SlackFailed(TransientError):
    """Slack did not take the message."""


def post(text: str, blocks: list[dict[str, Any]], conn_id: str = "slack_default") -> None:
    """Post one message. A 429 is waited for as Slack asks, a 5xx or a broken connection is tried again.

    :param text: plain text for notifications and screen readers
    :param blocks: Block Kit blocks
    :raises SlackFailed: if Slack refuses in the end; it names the HTTP status, never the webhook's address
    """
    from airflow.providers.slack.hooks.slack_webhook import SlackWebhookHook
    from slack_sdk.http_retry import RetryHandler
    from slack_sdk.http_retry.builtin_handlers import (
        ConnectionErrorRetryHandler,
        RateLimitErrorRetryHandler,
        ServerErrorRetryHandler,
    )

    retries: list[RetryHandler] = [
        handler(max_retry_count=_ATTEMPTS - 1)
        for handler in (ConnectionErrorRetryHandler, RateLimitErrorRetryHandler, ServerErrorRetryHandler)
    ]
    hook = SlackWebhookHook(slack_webhook_conn_id=conn_id, timeout=15, retry_handlers=retries, logger=_silent())
    try:
        answer = hook.client.send(text=text, blocks=blocks, unfurl_links=False)
    except OSError as error:
        raise SlackFailed(
            f"Slack cannot be reached ({type(error).__name__}). Check the connection {conn_id}."
        ) from None
    if answer.status_code != 200:
        raise SlackFailed(
            f"Slack answered {answer.status_code} {answer.body[:100]!r} in {_ATTEMPTS} attempts. "
            f"Check the connection {conn_id}."
        )


def reach(conn_id: str = "slack_default") -> None:
    """Ask the webhook whether it would take a message, and post none: a valid one answers 400 to an empty message.

    :raises SlackFailed: if the webhook is not valid, or Slack cannot be reached
    """
    from airflow.providers.slack.hooks.slack_webhook import SlackWebhookHook

    connection(conn_id)
    hook = SlackWebhookHook(slack_webhook_conn_id=conn_id, timeout=15, logger=_silent())
    try:
        answer = hook.client.send_dict({})
    except OSError as error:
        raise SlackFailed(
            f"Slack cannot be reached ({type(error).__name__}). Check the connection {conn_id}."
        ) from None
    if answer.status_code != 400 or answer.body not in _EMPTY:
        raise SlackFailed(
            f"Slack answered {answer.status_code} {answer.body[:100]!r}: the webhook of connection {conn_id} is not "
            "valid. Make a new one in Slack (Incoming Webhooks) and put it there."
        )


def _silent() -> logging.Logger:
    """A logger that drops all: slack_sdk logs the webhook's whole address, a secret, when it tries again."""
    logger = logging.getLogger(f"{__name__}.sdk")
    logger.disabled = True
    return logger
