"""The page in a real Chromium: what it says, in both languages, on a phone, in the dark, and to a screen reader."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Literal, TypeAlias

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from ofitec.board import page
from ofitec.board.airflow_state import COMPONENTS, AirflowState
from ofitec.board.facts import Facts, read_ledger
from ofitec.board.language import language
from ofitec.board.texts import ENGLISH, SPANISH
from ofitec.clients.alertmanager import Firing
from ofitec.ledger import Ledger, f29_states
from ofitec.settings import Settings
from tests.ofitec.board.axe import grave_findings
from tests.ofitec.board.past import backup, copied, proof

SIZES: dict[str, ViewportSize] = {"desk": {"width": 1280, "height": 900}, "phone": {"width": 360, "height": 740}}
WATCHED = Settings(
    alertmanager_url="http://alertmanager:9093", scale="propose", prometheus_url="http://prometheus:9090"
)
Scheme: TypeAlias = Literal["light", "dark"]


def facts(ledger: Ledger, now: datetime) -> Facts:
    with ledger.transaction() as session:
        known = read_ledger(session, now)
    beats = dict.fromkeys(COMPONENTS, now - timedelta(seconds=4))
    return Facts(now, known, AirflowState(beats, ("broken.py",), None, frozenset({"odoo_deploy"})))


def fires(now: datetime) -> list[Firing]:
    return [
        Firing("Watchdog", "none", "", "", "", now),
        Firing(
            "OdooDown", "critical", "Odoo no responde", "Nadie <puede> trabajar.", "https://r.example/OdooDown.md", now
        ),
    ]


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> Scheme:
    chosen: Scheme = request.param
    return chosen


@pytest.fixture(params=SIZES)
def shown(request: pytest.FixtureRequest, browser: Browser, scheme: Scheme) -> Iterator[Page]:
    """An empty page of one size and colour scheme."""
    tab = browser.new_page(viewport=SIZES[request.param], color_scheme=scheme)
    yield tab
    tab.close()


@pytest.mark.parametrize("lang", ["es", "en"])
def test_it_bears_axe_and_fits_the_screen(past: Ledger, now: datetime, shown: Page, lang: str) -> None:
    shown.set_content(page.render(facts(past, now), fires(now), lang, WATCHED)[0])
    assert grave_findings(shown) == []
    assert shown.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert shown.get_attribute("html", "lang") == lang


def test_with_nothing_to_tell_it_still_bears_axe(now: datetime, shown: Page) -> None:
    shown.set_content(page.render(Facts(now, None, None), None, "es", WATCHED)[0])
    assert grave_findings(shown) == []
    text = shown.inner_text("main")
    assert SPANISH["ledger_down"] in text
    assert SPANISH["alerts_down"] in text
    assert SPANISH["airflow_unknown"] in text


@pytest.mark.parametrize("lang", ["es", "en"])
def test_it_says_when_the_second_copy_was_made_and_proven(
    ledger: Ledger, now: datetime, shown: Page, lang: str
) -> None:
    night = backup(now - timedelta(hours=6))
    with ledger.transaction() as session:
        session.add(night)
        session.flush()
        session.add(there := copied(night))
        session.flush()
    text = SPANISH if lang == "es" else ENGLISH
    shown.set_content(page.render(facts(ledger, now), [], lang, WATCHED)[0])
    said = shown.inner_text("main")
    assert text["second_copy"] in said
    assert "s3:copies.example/odoo" in said
    assert text["never"] in said.partition(text["copy_proof"])[2][:40]
    with ledger.transaction() as session:
        session.add(proof(there, minutes=10))
    shown.set_content(page.render(facts(ledger, now), [], lang, WATCHED)[0])
    assert text["copy_proven"].partition("{")[0] in shown.inner_text("main")
    assert grave_findings(shown) == []
    assert shown.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_it_answers_the_questions(past: Ledger, now: datetime, browser: Browser) -> None:
    tab = browser.new_page(viewport=SIZES["desk"])
    tab.set_content(page.render(facts(past, now), fires(now), "es", WATCHED)[0])
    text = tab.inner_text("main")
    for expected in (
        "El respaldo del 24 nov, 02:30 está probado.",
        "leído hace 3 minutos",
        "leído ahora",
        "Responde.",
        "6 horas",  # RPO: 05:30 to 11:00 UTC, rounded
        "11 min 00 s",  # RTO
        "24 nov, 02:30",  # Santiago
        "1.834.210 filas",
        "El próximo vence dentro de 2 días.",
        "76.123.456-0",
        "$4.318.250",
        "por aprobar",
        "$2.482.412",  # as filed; the delivery said 4.318.250
        "declarado, folio 7009",
        "fuera de plazo: 2 días",
        "rectificatoria: por aprobar",
        "Sin cambios desde el 14 nov",
        "1 min 14 s sin servicio",
        "The login page answered 500",
        "Odoo no responde",
        "Nadie <puede> trabajar.",
        "broken.py",
        "2 → 6 hecho",
        "Resultó bien. El 95 % respondía en menos de 1,8 s y ahora en menos de 0,6 s.",
        "6 sin cambios",
        "Hay 3,1 peticiones <a la vez> para 6 procesos. Bastan los que hay.",
        "decidido hace 7 minutos",
    ):
        assert expected in text, expected
    assert "Watchdog" not in text
    assert tab.locator("svg.plot rect.hit").count() == 180
    assert tab.locator("svg.plot rect.over").count() == 5  # two nights in a row, and the refuted one
    tab.close()


def test_what_was_decided_before_it_was_switched_off_is_not_shown(past: Ledger, now: datetime) -> None:
    assert SPANISH["processes"] in page.render(facts(past, now), None, "es", WATCHED)[0]
    assert SPANISH["processes"] not in page.render(facts(past, now), None, "es", Settings())[0]


def test_by_keyboard_alone(past: Ledger, now: datetime, browser: Browser) -> None:
    tab = browser.new_page(viewport=SIZES["desk"])
    tab.set_content(page.render(facts(past, now), fires(now), "es", WATCHED)[0])
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "main"
    tab.focus("summary")
    tab.keyboard.press("Enter")
    assert tab.locator("details[open] tbody tr").count() == 90
    tab.close()


def test_nothing_comes_from_elsewhere(past: Ledger, now: datetime) -> None:
    html, nonce = page.render(facts(past, now), fires(now), "es", WATCHED)
    assert "src=" not in html
    assert "@import" not in html
    assert "url(" not in html
    assert f'<style nonce="{nonce}">' in html
    assert html.count("<script") == html.count(f'<script nonce="{nonce}">') == 1
    assert "Nadie &lt;puede&gt; trabajar." in html


def test_three_years_of_rows_are_read_and_written_in_time(past: Ledger, now: datetime) -> None:
    page.render(facts(past, now), fires(now), "es", WATCHED)  # templates and locales are loaded once
    spent = []
    for _ in range(5):
        begun = time.process_time()  # of this process alone: the other tests' load is no fault of the page
        page.render(facts(past, now), fires(now), "es", WATCHED)
        spent.append(time.process_time() - begun)
    assert min(spent) < 0.3


@pytest.mark.parametrize(
    ("asked", "accept", "lang"),
    [("", "", "es"), ("en", "es-CL", "en"), ("", "en-US,en;q=0.9", "en"), ("", "es-CL,en", "es"), ("fr", "de", "es")],
)
def test_the_language(asked: str, accept: str, lang: str) -> None:
    assert language(asked, accept) == lang


def test_both_languages_say_the_same_things() -> None:
    assert SPANISH.keys() == ENGLISH.keys()
    for key, sentence in SPANISH.items():
        assert sentence.count("{") == ENGLISH[key].count("{"), key


def text_of(ledger: Ledger, now: datetime, lang: str = "es") -> str:
    html = page.render(facts(ledger, now), None, lang, WATCHED)[0]
    return " ".join(re.sub(r"<[^>]+>", " ", html.partition("<main")[2]).split())


def test_the_first_visit_says_one_thing(ledger: Ledger, now: datetime) -> None:
    text = text_of(ledger, now)
    assert "Aún no se ha leído de Odoo." in text
    assert "No se sabe: Odoo todavía no ha respondido." in text
    assert "ninguna empresa con RUT" not in text
    f29_states.save(ledger, [], "2026-08", now)
    text = text_of(ledger, now)
    assert "Ninguna empresa tiene un RUT chileno." in text
    assert "Odoo no tiene ninguna empresa con RUT chileno." in text
    assert "todavía no ha respondido" not in text


def test_an_odoo_that_is_down_is_told_with_its_reason_and_the_age_of_what_is_shown(
    ledger: Ledger, now: datetime
) -> None:
    f29_states.save(ledger, [], "2026-08", now - timedelta(minutes=7))
    f29_states.failed(ledger, "Odoo no responde en <odoo:8069>", now)
    text = text_of(ledger, now)
    assert "Odoo Problema No responde, o no deja leer. leído hace 7 minutos" in text
    assert "Odoo no responde en &lt;odoo:8069&gt;" in text


def test_a_failed_night_says_why(ledger: Ledger, now: datetime) -> None:
    with ledger.transaction() as session:
        session.add_all([backup(now - timedelta(days=1)), backup(now, failed=True)])
    text = text_of(ledger, now)
    assert "Respaldo Problema El último intento de respaldo falló." in text
    assert "The repository does not answer." in text


@pytest.mark.parametrize(
    ("day", "card", "row"),
    [
        (12, "Atención Sin calcular: vence el jue 12 nov si hay pago, el sáb 28 nov si no.", "si no, el sáb 28 nov"),
        (15, "Atención Sin calcular: venció el jue 12 nov si hay pago; si no, vence el sáb 28 nov.", "sin calcular"),
        (29, "Problema Hay un F29 vencido sin declarar.", "si hay pago; si no, el sáb 28 nov"),
    ],
)
def test_a_month_that_is_not_computed_is_told_with_both_of_its_dates(
    ledger: Ledger, day: int, card: str, row: str
) -> None:
    at = datetime(2026, 11, day, 15, tzinfo=UTC)
    missing = {"rut": "76123456-0", "company": "Los Aromos", "period": "2026-10", "status": "missing", "read_at": at}
    f29_states.save(ledger, [{**missing, "due_date": date(2026, 11, 12)}], "2026-08", at)
    text = text_of(ledger, at)
    assert card in text
    assert row in text
    english = text_of(ledger, at, "en")
    assert ("An F29 is overdue." in english) is (day == 29)
    assert "if there is something to pay" in english
