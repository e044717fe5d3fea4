"""No secret leaves with a text."""

import pytest

from ofitec.notify.redact import redact

SECRET = "hunter2-" + "Zx9"


@pytest.mark.parametrize(
    "text",
    [
        f"postgresql://ofitec:{SECRET}@db:5432/ledger",
        f"RESTIC_PASSWORD={SECRET}",
        f'"password": "{SECRET}"',
        f"api_key: {SECRET}",
        f"Authorization: Bearer {SECRET}",
        f"https://hooks.slack.com/services/{SECRET}",
        "xoxb" + f"-1234-{SECRET}",
    ],
)
def test_secrets_become_stars(text: str) -> None:
    assert SECRET not in redact(text)
    assert "***" in redact(text)


def test_ordinary_text_stays() -> None:
    text = "F29 2026-08 of 77123456-9: código 91 says 32776, its lines give 32775 (see https://odoo.example/web#id=7)"
    assert redact(text) == text
