"""Slack's mrkdwn."""


def escape(text: str) -> str:
    """The text with Slack's three control characters escaped (Slack docs, Formatting text for app surfaces)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
