"""Takes secrets out of a text before it leaves for people."""

import re

_PATTERNS = [
    # user:password in an address
    (re.compile(r"(\w+://[^\s:/@]*):[^\s@]+@"), r"\1:***@"),
    # password=..., token: ..., "secret": "..."
    (
        re.compile(
            r"(?i)((?:pass(?:word|wd)?|secret|token|api_?key|credential|authorization)[\w-]*[\"']?\s*[:=]\s*[\"']?)"
            r"(?:bearer\s+)?[^\s\"',;}]+"
        ),
        r"\1***",
    ),
    # Slack webhooks and tokens, AWS access keys
    (re.compile(r"(https://hooks\.slack\.com/)\S+"), r"\1***"),
    (re.compile(r"\bxox[a-z]-[\w-]+"), "***"),
    (re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{12,}"), "***"),
]


def redact(text: str) -> str:
    """The text with what Airflow knows to be secret, and what looks like a secret, replaced by ***."""
    from airflow.sdk.log import redact as airflow_redact  # type: ignore[attr-defined]

    clean = str(airflow_redact(text))
    for pattern, replacement in _PATTERNS:
        clean = pattern.sub(replacement, clean)
    return clean
