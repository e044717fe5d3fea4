"""One message about many companies: a few lines for each, in as many parts as Slack takes."""

from collections.abc import Sequence

from ofitec.notify.blocks import Block, context, cut, header, message, section
from ofitec.notify.escape import Message

_ENTRY = 1_400  # characters of one company
_SECTION = 3_000
# Slack refuses a message with more than some 12,000 characters in all of its blocks (slackapi/bolt-js#2509); its
# documentation does not say so
_MESSAGE = 9_000


def build(title: str, entries: Sequence[str], closing: str = "") -> list[Message]:
    """The parts, in order; one where Slack takes all in one.

    :param entries: mrkdwn, one a company; each is cut to what leaves room for others
    :param closing: said at the end of the last part
    """
    pages = _pages([cut(entry, _ENTRY) for entry in entries])
    parts = []
    for number, sections in enumerate(pages, start=1):
        name = f"{title} ({number} de {len(pages)})" if len(pages) > 1 else title
        blocks: list[Block] = [header(name), *(section(text) for text in sections)]
        if closing and number == len(pages):
            blocks.append(context(closing))
        parts.append(message(name, blocks))
    return parts


def _pages(entries: Sequence[str]) -> list[list[str]]:
    """The entries as sections, and these as messages."""
    pages: list[list[str]] = []
    used = _MESSAGE
    for entry in entries:
        if used + len(entry) > _MESSAGE:
            pages.append([entry])
            used = len(entry)
            continue
        used += len(entry)
        if len(pages[-1][-1]) + len(entry) < _SECTION:
            pages[-1][-1] += f"\n{entry}"
        else:
            pages[-1].append(entry)
    return pages
