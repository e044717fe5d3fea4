"""The blocks of a message, made by slack_sdk's own models. Every text is cut here to what Slack takes.

Slack refuses a whole message (`invalid_blocks`) for one text that is too long, and what is in ours was written by
others: a company's name, an error. Imported inside of tasks only: slack_sdk takes a third of a second.
"""

import re
from collections.abc import Sequence
from typing import Any

from slack_sdk.models.blocks import ContextBlock, HeaderBlock, MarkdownTextObject, PlainTextObject, SectionBlock

from ofitec.notify.escape import Message

Block = dict[str, Any]

# characters (docs.slack.dev, Block Kit reference); slack_sdk names those that it looks at itself
_FIELD = 2000
_CONTEXT = 3000
_TEXT = 4000  # of the text beside the blocks; Slack makes several messages of a longer one
# what means something only as a whole: an escaped character, a link
_WHOLE = re.compile(r"&(?:amp|lt|gt);|<[^<>\n]*>")


def message(text: str, blocks: Sequence[Block]) -> Message:
    """A message of blocks.

    :param text: what notifications, screen readers and the subject of an e-mail say
    """
    return cut(text, _TEXT), list(blocks)


def header(text: str) -> Block:
    """A title, in plain text."""
    return HeaderBlock(text=PlainTextObject(text=cut(text, HeaderBlock.text_max_length))).to_dict()


def section(text: str) -> Block:
    """A paragraph of mrkdwn."""
    return SectionBlock(text=MarkdownTextObject(text=cut(text, SectionBlock.text_max_length))).to_dict()


def fields(texts: Sequence[str]) -> Block:
    """Facts in two columns, each mrkdwn; those beyond the tenth are left out."""
    shown = [MarkdownTextObject(text=cut(text, _FIELD)) for text in texts[: SectionBlock.fields_max_length]]
    return SectionBlock(fields=shown).to_dict()


def facts(pairs: Sequence[tuple[str, str]]) -> Block:
    """`fields` of (label, mrkdwn), the label in bold above."""
    return fields([f"*{label}*\n{value}" for label, value in pairs])


def context(text: str) -> Block:
    """A line of small mrkdwn."""
    return ContextBlock(elements=[MarkdownTextObject(text=cut(text, _CONTEXT))]).to_dict()


def cut(text: str, most: int) -> str:
    """The text, or its beginning and an ellipsis; never the half of an escaped character or of a link.

    :param most: characters, the ellipsis among them
    """
    if len(text) <= most:
        return text
    end = most - 1
    for whole in _WHOLE.finditer(text):
        if whole.end() > end:
            end = min(end, whole.start())
            break
    return text[:end] + "…"
