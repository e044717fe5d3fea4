"""Which of the board's two languages somebody reads."""

from ofitec.board.texts import TEXTS


def language(asked: str, accept: str) -> str:
    """ "es" or "en": what the address asks for, else what the browser prefers, else Spanish."""
    if asked in TEXTS:
        return asked
    preferred = [part.split(";")[0].strip()[:2].lower() for part in accept.split(",")]
    return next((lang for lang in preferred if lang in TEXTS), "es")
