"""Who reads Spanish reads no English sentence on the board, and the other way; what is English says that it is."""

import asyncio
import re
from datetime import datetime, timedelta

import httpx
import pytest
from fastapi import HTTPException

from ofitec.board import access, page
from ofitec.board import app as served
from ofitec.board.texts import ENGLISH, SPANISH
from ofitec.ledger import Ledger
from tests.ofitec.board.past import backup, proof
from tests.ofitec.board.test_page import WATCHED, facts
from tests.ofitec.spanish import english_words

SENTENCE = "El repositorio de respaldos no responde."


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html[html.index("<main") :]).split())


def shown(ledger: Ledger, now: datetime, lang: str) -> str:
    return page.render(facts(ledger, now), [], lang, WATCHED)[0]


@pytest.fixture
def bad_night(ledger: Ledger, now: datetime) -> Ledger:
    """A refuted backup, and after it a night that failed."""
    refuted, failed = backup(now - timedelta(days=1)), backup(now, failed=True)
    failed.said = SENTENCE
    with ledger.transaction() as session:
        session.add_all([refuted, failed])
        session.flush()
        session.add(proof(refuted, minutes=9, refuted=True))
    return ledger


def test_a_failed_deploy_names_its_step_and_what_the_host_said(past: Ledger, now: datetime) -> None:
    es, en = (text_of(shown(past, now, lang)) for lang in ("es", "en"))
    detail = "The login page answered 500 after the switch."
    assert f"despliegue en el paso «observar». Detalle técnico: {detail}" in es
    assert f"deploy at step “watch”. Technical detail: {detail}" in en


def test_each_answer_to_a_question_is_told_with_who_and_when(past: Ledger, now: datetime) -> None:
    es, en = (text_of(shown(past, now, lang)) for lang in ("es", "en"))
    question, when = "¿Instalar odoo@0123456789ab?", "24 nov, 07:00 · Lo pidió ops"
    assert f"Lo aprobó paula {question} {when}" in es
    refusal = "Lo pidió ops · ops pidió esta ejecución, y quien pide no aprueba."
    assert f"La aprobación de ops no vale {question} 24 nov, 06:00 · {refusal}" in es
    for said in ("Lo rechazó paula", "Nadie respondió a tiempo"):
        assert said in es
    for said in ("Approved by paula", "Rejected by paula", "Nobody answered in time", "The yes of ops does not count"):
        assert said in en
    assert "quien pide no aprueba" not in en


def test_a_bad_night_is_told_in_the_language_of_the_page(bad_night: Ledger, now: datetime) -> None:
    es, en = (text_of(shown(bad_night, now, lang)) for lang in ("es", "en"))
    assert SENTENCE in es
    assert "The repository does not answer." not in es
    assert "no pasó Detalle técnico: Table res_partner has 3 rows less." in es
    assert "Technical detail: The repository does not answer." in en
    assert SENTENCE not in en


@pytest.mark.usefixtures("postgres")  # what the nights need
@pytest.mark.parametrize("night", ["past", "bad_night"])
def test_the_spanish_page_has_no_english_but_what_says_so(
    night: str, now: datetime, request: pytest.FixtureRequest
) -> None:
    html = shown(request.getfixturevalue(night), now, "es")
    spanish = re.sub(r'<(\w+)[^>]* lang="en"[^>]*>.*?</\1>', " ", html)
    assert len(spanish) < len(html)
    assert english_words(text_of(spanish)) == set()


def get(path: str, **headers: str) -> httpx.Response:
    """What the board's application answers; an error that nobody caught is its 500, as a server shows it."""

    async def asked() -> httpx.Response:
        within = httpx.ASGITransport(served.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=within, base_url="http://airflow.example") as client:
            return await client.get(path, headers=headers)

    return asyncio.run(asked())


@pytest.mark.parametrize(
    ("error", "status", "key"), [(KeyError("x"), 500, "broken"), (HTTPException(403, "Forbidden"), 403, "forbidden")]
)
def test_a_board_that_cannot_be_shown_says_so_in_the_readers_language(
    monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, key: str
) -> None:
    def fails() -> None:
        raise error

    guard = access.airflow_user.dependency
    assert guard is not None
    monkeypatch.setitem(served.app.dependency_overrides, guard, fails)
    browser = {"Accept": "text/html", "Accept-Language": "en"}
    for path, sentence in (("/board?lang=es", SPANISH[key]), ("/board", ENGLISH[key])):
        answer = get(path, **browser)
        assert answer.status_code == status
        assert text_of(answer.text) == sentence
        assert "nonce-" in answer.headers["Content-Security-Policy"]
    assert "<html" not in get("/board", Accept="application/json").text
