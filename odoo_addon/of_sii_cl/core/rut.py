"""Chilean RUT: normal form and check digit (modulo 11)."""

import re


def normalize_rut(text: str | None) -> str:
    """``CL 76.123.456-0``, ``761234560`` -> ``76123456-0``. Raises ValueError (Spanish) when it is no valid RUT."""
    compact = re.sub(r"[.\s-]", "", text or "").upper().removeprefix("CL").lstrip("0")
    if not re.fullmatch(r"[0-9]{1,8}[0-9K]", compact):
        raise ValueError(f"«{text or ''}» no es un RUT.")
    body, digit = compact[:-1], compact[-1]
    if check_digit(body) != digit:
        raise ValueError(f"El dígito verificador del RUT «{text}» no es válido.")
    return f"{body}-{digit}"


def is_person(rut: str) -> bool:
    """Whether a RUT in normal form may be a natural person's: the Registro Civil gives numbers below 50 million, the
    SII those above, to companies and other entities."""
    body = rut.partition("-")[0]
    return not body.isdigit() or int(body) < 50_000_000


def check_digit(body: str) -> str:
    """Check digit (``0``-``9`` or ``K``) of a RUT's digits."""
    total = sum(int(figure) * (2 + place % 6) for place, figure in enumerate(reversed(body)))
    return "0123456789K0"[11 - total % 11]
