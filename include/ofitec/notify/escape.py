"""Slack's mrkdwn, and text in it that others wrote: a module's version, a task's error, a company's name.

`close` is where every message passes (channels.tell): whatever a message was made of, it holds no link but to our own
pages, no mention, and no secret.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

Message = tuple[str, list[dict[str, Any]]]

_LINK = re.compile(r"<(https?://[^|<>\s]+)(?:\|([^<>\n]*))?>")


def escape(text: str) -> str:
    """The text with Slack's three control characters escaped (Slack docs, Formatting text for app surfaces)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def code(text: str) -> str:
    """Foreign text as code in Slack: nothing in it can end the code or begin a link."""
    return escape(literal(text))


def literal(text: str) -> str:
    """Foreign text as code in Markdown, as Airflow's pages show it."""
    return f"`{' '.join(text.split()).replace('`', chr(39)) or ' '}`"


def close(message: Message, ours: Sequence[str], redact: Callable[[str], str]) -> Message:
    """The message without foreign links, mentions and secrets. Closing it twice changes nothing more.

    :param ours: addresses below which links may lead, e.g. "https://airflow.example"
    :param redact: takes secrets out of a text
    """
    text, blocks = message
    return _plain(redact(text)), [_walk(block, ours, redact) for block in blocks]


def _walk(node: Any, ours: Sequence[str], redact: Callable[[str], str]) -> Any:
    if isinstance(node, list):
        return [_walk(entry, ours, redact) for entry in node]
    if not isinstance(node, dict):
        return node
    if node.get("type") == "mrkdwn":
        # verbatim: Slack makes no links of bare addresses and no mentions of names
        return {**node, "text": _mrkdwn(redact(node["text"]), ours), "verbatim": True}
    if node.get("type") == "plain_text":
        return {**node, "text": redact(node["text"])}
    return {key: _walk(value, ours, redact) for key, value in node.items()}


def _mrkdwn(text: str, ours: Sequence[str]) -> str:
    parts, end = [], 0
    for link in _LINK.finditer(text):
        parts.append(_plain(text[end : link.start()]))
        parts.append(link[0] if _leads_to(link[1], ours) else _plain(f"{link[2] or ''} ({link[1]})".strip()))
        end = link.end()
    return "".join([*parts, _plain(text[end:])])


def _plain(text: str) -> str:
    return text.replace("<", "&lt;").replace(">", "&gt;")


def _leads_to(url: str, ours: Sequence[str]) -> bool:
    bases = [base.rstrip("/") for base in ours if base]
    return any(url == base or url.startswith(tuple(base + sign for sign in "/?#")) for base in bases)
