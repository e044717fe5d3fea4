"""Takes secrets out of a text before it leaves for people.

What Airflow knows to be secret goes by Airflow's own masker; the rest by its form. Where a form is also an ordinary
word's ("Basic authentication failed", a git commit), what surrounds it decides.
"""

import base64
import binascii
import re
from collections.abc import Callable

_NAMES = (
    r"pass(?:word|wd|phrase|code)|secret(?!ar[iy])|token|credentials?|authorization|session_?id|"
    r"(?:api|access|account|private|secret|storage|encryption|fernet|signing|master|jwt|webhook)[_-]?key|"
    r"contrase(?:ñ|n|\\u00f1)a|sharedaccess(?:key|signature)|"
    r"(?<![a-z])(?:pass|pwd|sig|signature)(?![a-z])"  # and not compass, design, passed, signal
)
# the name of something that is no secret itself
_HARMLESS = r"(?![\w-]*(?:file|path|dir|url|uri|command|id\b|name|type|expir\w*|count|lifetime|timeout|rotate\b))"
_QUOTE = r"\\?[\"']"
_NAME = rf"(?:{_NAMES}){_HARMLESS}[\w-]*{_QUOTE}?"
_IS = r"[^\S\n]*(?:=>|[:=])[^\S\n]*"

_Replacement = str | Callable[[re.Match[str]], str]


def _if_credential(match: re.Match[str]) -> str:
    return f"{match[1]}***" if _is_basic(match[2]) or _looks_random(match[2]) else match[0]


def _is_basic(text: str) -> bool:
    """Whether it is base64 of user:password (RFC 7617)."""
    try:
        plain = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=False)
    except binascii.Error:
        return False
    return b":" in plain and all(byte >= 0x20 for byte in plain)


def _looks_random(text: str) -> bool:
    """Letters mixed with digits, or capitals inside: no word of a sentence."""
    letters = any(c.isalpha() for c in text)
    digits = any(c.isdigit() for c in text)
    inner_capitals = any(c.isupper() for c in text[1:]) and any(c.islower() for c in text)
    return len(text) >= 8 and letters and (digits or inner_capitals)


_PATTERNS: list[tuple[re.Pattern[str], _Replacement]] = [
    # whole keys, PEM and age
    (re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----.*?(?:-----END [A-Z0-9 ]*-----|\Z)", re.DOTALL), "***"),
    (re.compile(r"\bAGE-SECRET-KEY-1[0-9A-Z]+"), "***"),
    # user:password in an address, the password with any sign in it; host:port/path?mail=a@b is none
    (re.compile(r"(\b[a-zA-Z][\w+.-]*://[^\s:/@\"'<>]*):(?!\d{1,5}(?:[/?#]|$))[^\s\"'<>]+@"), r"\1:***@"),
    # a token alone before the host
    (re.compile(r"(\bhttps?://)[^\s:/@\"'<>]{8,}@"), r"\1***@"),
    # Slack and its likes: who has the address may post
    (re.compile(r"(https://hooks\.slack(?:-gov)?\.com/)[^\s\"'<>|]+"), r"\1***"),
    # a dead man's switch: who has the address may say that all is well
    (re.compile(r"(https://hc-ping\.com/)[^\s\"'<>|]+"), r"\1***"),
    # host:port:database:user:password of .pgpass
    (re.compile(r"((?<![\w/:.])[\w.*-]+:(?:\d{4,5}|\*):[\w.*-]+:[\w.*-]+:)\S+"), r"\1***"),
    # Odoo's RPC: [database, uid, password, model, ...]
    (re.compile(rf"([\[(]\s*{_QUOTE}[\w.-]+{_QUOTE},\s*\d+,\s*{_QUOTE})[^\"']+({_QUOTE},)"), r"\1***\2"),
    # PASSWORD '...' of SQL, with or without ENCRYPTED
    (re.compile(r"(?i)(\b(?:password|identified by)\s+E?')[^']+'"), r"\1***'"),
    # programs' options: curl -u user:password, sshpass -p password
    (re.compile(r"((?:\s-u|--user)[\s=]+[\"']?[^\s:\"']+:)[^\s\"']+"), r"\1***"),
    (re.compile(r"(\bsshpass\s+-p\s*)\S+"), r"\1***"),
    # Authorization: <scheme> <credentials>, and any cookie
    (re.compile(rf"(?i)((?:proxy-)?authorization{_QUOTE}?{_IS}{_QUOTE}?)(?:[a-z][\w-]*\s+)?[^\s\"',;}}]+"), r"\1***"),
    (re.compile(rf"(?i)(\b(?:set-)?cookie{_QUOTE}?{_IS}{_QUOTE}?)[^\s=;\"']+=[^\s;\"']+"), r"\1***"),
    # name="a quoted value, spaces and all"
    (re.compile(rf"(?i)({_NAME}{_IS}(\\?[\"']))(?:(?!\2).)+"), r"\1***"),
    # name=value, name: value, ?name=value&
    (re.compile(rf"(?i)({_NAME}{_IS})(?![\"'\\])[^\s\"',;&}}\])<>|]+"), r"\1***"),
    # Basic and Bearer without a name before them
    (re.compile(r"(\b[Bb](?:asic|ASIC)\s+)([A-Za-z0-9+/_-]{6,}={0,2})"), _if_credential),
    (re.compile(r"(\b[Bb](?:earer|EARER)\s+)([\w.~+/-]{8,}=*)"), _if_credential),
    # tokens that say themselves whose they are
    (re.compile(r"\bxox[a-z]-[\w-]+|\bxapp-[\w-]{8,}|\bxoxe\.[\w.-]+"), "***"),
    (re.compile(r"\bgh[pousr]_[\w-]{16,}|\bgithub_pat_[\w-]{16,}|\bglpat-[\w-]{16,}|\bglptt-\w{16,}"), "***"),
    (re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{12,}"), "***"),
    (re.compile(r"\bAIza[\w-]{30,}|\bya29\.[\w-]+|\bGOCSPX-[\w-]{16,}"), "***"),
    (re.compile(r"\b(?:sk|rk)_(?:live|test)_\w{12,}|\bsk-[\w-]{20,}|\bSG\.[\w-]{16,}\.[\w-]{16,}"), "***"),
    (re.compile(r"\bdckr_pat_[\w-]{16,}|\bnpm_\w{24,}|\bpypi-[\w-]{24,}|\bhvs\.[\w-]{16,}"), "***"),
    # JSON web tokens: two parts that are base64 of {"
    (re.compile(r"\beyJ[\w-]{6,}\.[\w-]{4,}(?:\.[\w-]*)*"), "***"),
    # Odoo's API keys are 40 hex digits, as a commit is: only where they are called a key
    (re.compile(r"(?i)(\b(?:api[ _-]?key|clave(?: de api)?|llave)\b[^\n0-9a-f]{1,12})[0-9a-f]{40}\b"), r"\1***"),
]  # fmt: skip


def redact(text: str) -> str:
    """The text with what Airflow knows to be secret, and what looks like a secret, replaced by ***."""
    from airflow.sdk.log import redact as airflow_redact  # type: ignore[attr-defined]

    return by_form(str(airflow_redact(text)))


def by_form(text: str) -> str:
    """As `redact`, by the form alone. Redacting twice changes nothing more."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text
