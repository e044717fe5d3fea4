"""A file that came as base64 text, read in pieces: it is never in memory a second time."""

import binascii
import hashlib
from collections.abc import Iterator

_PIECE = 4 * 64 * 1024  # base64 characters; each four are three bytes


def pieces(content: str | bytes) -> Iterator[bytes]:
    """The bytes that a base64 text (or its ASCII bytes) stands for. Raises ValueError (Spanish) where it is none."""
    if any(blank in content for blank in ((b"\n", b"\r") if isinstance(content, bytes) else ("\n", "\r"))):  # type: ignore[operator]
        content = b"".join(content.split()) if isinstance(content, bytes) else "".join(content.split())
    for start in range(0, len(content), _PIECE):
        try:
            yield binascii.a2b_base64(content[start : start + _PIECE])
        except ValueError:  # binascii.Error is one, and so is a text that is not ASCII
            raise ValueError("El archivo llegó dañado (no es base64): cárguelo otra vez.") from None


def sha256(content: str | bytes) -> str:
    """The sum of the file's bytes, in hexadecimal. Raises ValueError as ``pieces`` does."""
    digest = hashlib.sha256()
    for piece in pieces(content):
        digest.update(piece)
    return digest.hexdigest()


def lines(content: str | bytes) -> Iterator[bytes]:
    """The file's lines with their ends, as an open file gives them. Raises ValueError as ``pieces`` does."""
    rest = b""
    for piece in pieces(content):
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line + b"\n"
    if rest:
        yield rest
