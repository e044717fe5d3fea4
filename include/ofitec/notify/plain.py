"""A Block Kit message as plain text, for e-mail."""

import re
from typing import Any


def plain_text(text: str, blocks: list[dict[str, Any]]) -> str:
    """The headline and every block's text, with links written out."""
    parts = [_plain(text)]
    for block in blocks:
        texts = [block["text"]] if "text" in block else block.get("fields", []) or block.get("elements", [])
        parts += [_plain(entry["text"]) for entry in texts]
    return "\n\n".join(parts)


def _plain(mrkdwn: str) -> str:
    spelled = re.sub(r"<([^|>]+)\|([^>]+)>", r"\2: \1", mrkdwn)
    spelled = spelled.replace("*", "").replace("`", "")
    return spelled.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
