"""What others wrote makes no link, no mention and no secret in our messages, wherever it stands."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ofitec.deploy import message as deploy_message
from ofitec.deploy.host.record.plans import Change, Mode
from ofitec.notify.escape import close, code
from ofitec.notify.redact import by_form
from tests.ofitec.deploy.host import examples

OURS = ("https://airflow.example/", "https://odoo.example")
EVIL = "19.0.1.0<https://evil.example|Revisar y aprobar en Airflow>"


def closed(text: str) -> str:
    _, [block] = close(("", [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]), OURS, by_form)
    assert block["text"]["verbatim"] is True
    return str(block["text"]["text"])


def test_links_to_our_own_pages_stay() -> None:
    for link in ("<https://airflow.example/dags/x?a=1|Ver>", "<https://odoo.example|Odoo>", "<https://odoo.example#1>"):
        assert closed(f"• {link} ·") == f"• {link} ·"


@pytest.mark.parametrize(
    "text",
    [
        "<https://evil.example|Aprobar>",
        "<https://airflow.example.evil.example/x|Aprobar>",
        "<https://airflow.example@evil.example/|Aprobar>",
        "<http://airflow.example/x|Aprobar>",
        "<!channel>",
        "<!here|aquí>",
        "<@U123>",
        "<#C123>",
        "<mailto:a@b.cl|correo>",
    ],
)
def test_no_other_link_and_no_mention_passes(text: str) -> None:
    shown = closed(f"antes {text} después")
    assert "<" not in shown
    assert shown.startswith("antes ")
    assert shown.endswith(" después")


def test_a_link_that_was_taken_out_still_says_where_it_led() -> None:
    assert closed("<https://evil.example/a|Aprobar>") == "Aprobar (https://evil.example/a)"


def test_a_modules_version_is_no_link() -> None:
    plan = examples.plan(
        who="<!channel>",
        mode=Mode.MIGRATE,
        modules=(Change("m`", "1", EVIL),),
        silent_changes=("`<!here>",),
    )
    asked = deploy_message.asked(
        plan, "https://airflow.example/x", expected_seconds=None, until=datetime.now(UTC), zone=UTC
    )
    shown = json.dumps(close(asked, OURS, by_form))
    assert "<https://evil" not in shown
    assert "<!" not in shown
    assert "<https://airflow.example/x|" in shown


@given(st.text(alphabet="<>|&`!@#/:.ahtpsevil \n", max_size=60))
def test_closing_twice_changes_nothing_more_and_leaves_no_foreign_bracket(text: str) -> None:
    once = closed(text)
    assert closed(once) == once
    assert "<" not in once


@given(st.text(max_size=40))
def test_code_stays_code(text: str) -> None:
    shown = code(text)
    assert shown.count("`") == 2
    assert not set("<>\n") & set(shown)


def test_secrets_go_from_every_kind_of_block() -> None:
    secret = "hunter2-" + "Zx9"
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": f"password={secret}"}},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": f"Bearer {secret}"}]},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": f"postgres://u:{secret}@db"}]},
    ]
    assert secret not in json.dumps(close((f"token: {secret}", blocks), OURS, by_form))
