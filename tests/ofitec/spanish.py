"""Finds English in what people in Chile read."""

import re

# frequent in any English sentence, and no words of Spanish
_ENGLISH = """
the is are was not and of with has have does did been its it this that these which who from by for on at to before after
because there nothing answered failed missing wrong cannot must will would could run again
"""


def english_words(text: str) -> set[str]:
    """The English words of a text; names in code (`f29_monthly`) and addresses are none."""
    plain = re.sub(r"`[^`]*`|https?://\S+", " ", text)
    return set(re.findall(r"(?<![\w./-])[a-z]+(?![\w./-])", plain.lower())) & set(_ENGLISH.split())
