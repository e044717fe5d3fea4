"""No secret leaves with a text, and no ordinary sentence is spoilt."""

import base64
import re
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ofitec.notify.redact import by_form, redact

ROOT = Path(__file__).parents[3]
SECRET = "hunter2-" + "Zx9"
TOKEN = "Q7" + "dK3mZp9xW2vB8nL4sT6yR1cF5hJ0"  # letters and digits, as services make them
HEX40 = "da" + "39a3ee5e6b4b0d3255bfef95601890afd80709"
BASIC = base64.b64encode(f"odoo:{SECRET}".encode()).decode()
JWT = ".".join(("eyJ" + "hbGciOiJIUzI1NiJ9", "eyJ" + "zdWIiOiI3NiJ9", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r"))
PEM_KIND = "OPENSSH " + "PRIVATE KEY"
PEM = f"-----BEGIN {PEM_KIND}-----\n{TOKEN}\n{TOKEN}==\n-----END {PEM_KIND}-----"

FORMS = [
    (f"postgresql://ofitec:{SECRET}@db:5432/ledger", SECRET),
    (f"postgresql://ofitec:a@b@{SECRET}@db:5432/ledger", SECRET),
    (f"postgresql://ofitec:{SECRET}@cd@db/ledger", "@cd@"),
    (f"postgresql://ofitec:a/{SECRET}@db/ledger", SECRET),
    (f"rest:https://user:{SECRET}:x@host/repo", SECRET),
    (f"https://{TOKEN}@github.com/a/b.git", TOKEN),
    (f"RESTIC_PASSWORD={SECRET}", SECRET),
    (f"PGPASSWORD={SECRET} pg_dump", SECRET),
    (f'"password": "{SECRET}"', SECRET),
    (f'"password": "two words {SECRET}"', SECRET),
    (f'{{\\"password\\": \\"{SECRET}\\"}}', SECRET),
    (f"{{'admin_passwd': '{SECRET}'}}", SECRET),
    (f"contraseña: {SECRET}", SECRET),
    (f"api_key: {SECRET}", SECRET),
    (f"X-Api-Key: {SECRET}", SECRET),
    (f"Authorization: Bearer {SECRET}", SECRET),
    (f"Authorization: Basic {BASIC}", BASIC),
    (f"authorization=Token {SECRET}", SECRET),
    (f"'Authorization': 'AWS4-HMAC-SHA256 {TOKEN}'", TOKEN),
    (f"the server got Basic {BASIC} and refused", BASIC),
    (f"sent Bearer {TOKEN} to it", TOKEN),
    (f"curl -u odoo:{SECRET} http://x", SECRET),
    (f"curl --user odoo:{SECRET} http://x", SECRET),
    (f"sshpass -p {SECRET} ssh host", SECRET),
    (f"db:5432:odoo:odoo:{SECRET}", SECRET),
    (f"ALTER ROLE odoo PASSWORD '{SECRET}'", SECRET),
    (f"execute_kw: ['odoo', 2, '{SECRET}', 'res.partner', 'read']", SECRET),
    (f"Odoo API key {HEX40}", HEX40),
    (f"api_key={HEX40}", HEX40),
    (f"Cookie: session_id={TOKEN}; frontend_lang=es_CL", TOKEN),
    (f"https://hooks.slack.com/services/{SECRET}", SECRET),
    (f"https://hooks.slack.com/workflows/T0/{SECRET}|x", SECRET),
    (f"https://hc-ping.com/{TOKEN}/production-backup_nightly/fail", TOKEN),
    ("xoxb" + f"-1234-{SECRET}", SECRET),
    ("xapp" + f"-1-A0-{TOKEN}", TOKEN),
    *((f"{prefix}_{TOKEN}{TOKEN}", TOKEN) for prefix in ("ghp", "gho", "ghu", "ghs", "ghr", "github_pat", "npm")),
    (f"glpat-{TOKEN}", TOKEN),
    (f"dckr_pat_{TOKEN}", TOKEN),
    (f"DefaultEndpointsProtocol=https;AccountName=of;AccountKey={TOKEN}{TOKEN}==;EndpointSuffix=x", TOKEN),
    (f"https://of.blob.core.windows.net/c?sv=2024&sig={TOKEN}%3D&se=2026", TOKEN),
    (f"SharedAccessSignature=sv=1&sig={TOKEN}", TOKEN),
    (f"https://b.s3.amazonaws.com/k?X-Amz-Credential=AKIA0/x&X-Amz-Signature={HEX40}&x=1", HEX40),
    (f"X-Amz-Security-Token={TOKEN}", TOKEN),
    (f"AWS_SECRET_ACCESS_KEY={TOKEN}/{TOKEN}", TOKEN),
    (f"aws_secret_access_key = {TOKEN}", TOKEN),
    ("AKIA" + "IOSFODNN7EXAMPLE", "IOSFODNN7EXAMPLE"),
    (f"fernet_key={TOKEN}=", TOKEN),
    (JWT, "zdWIiOiI3NiJ9"),
    (PEM, TOKEN),
    (PEM.split("-----END", maxsplit=1)[0], TOKEN),
    ("AGE-SECRET-KEY-1" + TOKEN.upper(), TOKEN.upper()),
    ("AIza" + TOKEN + TOKEN, TOKEN),
]


@pytest.mark.parametrize(("text", "secret"), FORMS, ids=lambda value: str(value)[:24])
def test_secrets_become_stars(text: str, secret: str) -> None:
    for shown in (redact(text), redact(f"restic failed: {text}\nsee the log")):
        assert secret not in shown
        assert "***" in shown
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "F29 2026-08 of 77123456-9: código 91 says 32776, its lines give 32775 (see https://odoo.example/web#id=7)",
        "Basic authentication failed at https://backup.example:8000/repo?mail=a@b.cl",
        "The bearer of this certificate answers; a bearer instrument",
        "Fatal: wrong password or no key found",
        f"commit {HEX40} of the add-on; file 9f/{HEX40} differs",
        "s3://aws_default@ofitec-fiscal/prefix and ssh://git@github.com/a/b",
        "Set RESTIC_PASSWORD_FILE=/run/airflow/restic or secrets/odoo_smoke_password.",
        "127.0.0.1:5000/odoo@sha256:0123456789abcdef",
        "El token de la conexión slack_default ya no sirve. Renueva el token.",
        "design: azul; compass: norte; Secretaria: Ana; 12 passed: 3 failed; killed by signal: 9",
        "12:30:45 INFO - at 2026-11-24T05:30:00+00:00",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert redact(text) == text


def test_our_own_runbooks_could_be_sent_as_they_are() -> None:
    for page in sorted((ROOT / "docs/runbooks").rglob("*.md")):
        # what is typed into a shell may name a password's place; the prose may not be touched
        prose = re.sub(r"```.*?```|`[^`]*`", "", page.read_text(), flags=re.DOTALL)
        assert by_form(prose) == prose, page.name


_TOKENS = st.text(alphabet=string.ascii_letters + string.digits + "_-", min_size=24, max_size=48).filter(
    lambda text: any(c.isdigit() for c in text) and any(c.isalpha() for c in text) and text[0].isalnum()
)
_WHERE = st.sampled_from(
    [
        *("token={}", "secret: {}", '"api_key": "{}"', "Bearer {}"),
        *("https://u:{}@h/x", "ghp_{}", "AccountKey={};", "?sig={}&a=1"),
    ]
)


@given(_TOKENS, _WHERE)
def test_no_token_survives_where_tokens_stand(token: str, where: str) -> None:
    assert token not in by_form(f"it said {where.format(token)} and ended")


@given(st.text(max_size=80))
def test_it_takes_any_text_and_is_settled_after_once(text: str) -> None:
    assert by_form(by_form(text)) == by_form(text)
