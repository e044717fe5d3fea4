"""The board as a page: facts and verdicts put into words, then into the template."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from ofitec.board import plot, verdict
from ofitec.board.airflow_state import COMPONENTS
from ofitec.board.days import daily
from ofitec.board.facts import F29, Facts, LedgerFacts
from ofitec.board.plot import Bar
from ofitec.board.texts import TEXTS
from ofitec.board.verdict import Verdict
from ofitec.clients.alertmanager import WATCHDOG, Firing
from ofitec.deploy.message import STEPS
from ofitec.ledger.backup_history import Backups
from ofitec.settings import Settings
from ofitec.words import Words

_TEMPLATES = Path(__file__).with_name("templates")
_NIGHT = timedelta(hours=26).total_seconds()


@dataclass(frozen=True)
class Card:
    """One answer at a glance, and how old what it was judged by is."""

    title: str
    verdict: Verdict
    sentence: str
    anchor: str
    age: str


@dataclass(frozen=True)
class Chart:
    """A picture, its scale, and the same figures as rows for a table."""

    title: str
    svg: Markup
    top: str
    first: str
    last: str
    limit: str
    rows: list[tuple[str, str]]


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(facts: Facts, firing: list[Firing] | None, lang: str, chosen: Settings) -> tuple[str, str]:
    """The page (HTML) and the nonce that its style and script carry, for the Content-Security-Policy.

    :param firing: what Alertmanager says, None if it does not answer or is not configured
    :param lang: "es" or "en"
    """
    text, words, nonce = TEXTS[lang], Words(lang, chosen.zone), secrets.token_urlsafe(16)
    ledger = facts.ledger
    shown = None if firing is None else [alert for alert in firing if alert.name != WATCHDOG]
    page = _environment().get_template("board.html")
    html = page.render(
        lang=lang,
        other="en" if lang == "es" else "es",
        nonce=nonce,
        t=text,
        w=words,
        now=facts.now,
        env=chosen.env,
        ledger=ledger,
        cards=_cards(facts, firing, text, words, bool(chosen.alertmanager_url)),
        backups=[_backup(backups, facts.now, text, words) for backups in (ledger.backups if ledger else [])],
        forms=[(form, verdict.form(form), _due(form, text, words)) for form in (ledger.f29 if ledger else [])],
        # what was decided before it was switched off says nothing of now
        scales=ledger.scales if ledger and chosen.scale != "off" else [],
        firing=shown,
        state=facts.airflow,
        components=_components(facts),
        ago=lambda moment: words.span((facts.now - moment).total_seconds()),
        step=lambda steps: _step(steps, lang),
    )
    return html, nonce


def apology(reason: Literal["forbidden", "broken"], lang: str) -> tuple[str, str]:
    """The page in place of the board when that cannot be shown, and its nonce, as `render` gives them.

    :param reason: key of its sentence
    """
    text, nonce = TEXTS[lang], secrets.token_urlsafe(16)
    return _environment().get_template("apology.html").render(lang=lang, nonce=nonce, t=text, reason=reason), nonce


def _step(steps: list[dict[str, Any]], lang: str) -> str:
    """The step at which a deploy ended: in Spanish as people call it, else by its own name, which is English."""
    name = str(steps[-1]["name"])
    return STEPS.get(name, name) if lang == "es" else name.replace("_", " ")


def _dates(form: F29, text: dict[str, str], words: Words) -> dict[str, str]:
    """When a form is due, for the sentences of texts.py."""
    days = form.due_days
    return {
        "when": {0: text["today"], 1: text["tomorrow"]}.get(days) or words.in_days(days),
        "paid": words.day(form.state.due_date),
        "unpaid": words.day(form.last_due),
    }


def _due(form: F29, text: dict[str, str], words: Words) -> str:
    """What stands beside the due date."""
    dates = _dates(form, text, words)
    return dates["when"] if form.last_days == form.due_days else text["if_paid"].format(**dates)


def _cards(
    facts: Facts, firing: list[Firing] | None, text: dict[str, str], words: Words, configured: bool
) -> list[Card]:
    now_read, ledger = text["read_now"], facts.ledger
    cards = [] if ledger is None else _from_ledger(ledger, facts.now, text, words)
    judged = verdict.alerts(firing, configured)
    count = len([alert for alert in firing or [] if alert.name != WATCHDOG])
    sentence = text[judged.key].format(count=words.count(count))
    cards.append(Card(text["alerts"], judged, sentence, "alerts", now_read if firing is not None else ""))
    judged = verdict.airflow(facts.airflow, facts.now)
    age = now_read if facts.airflow is not None else ""
    cards.append(Card(text["scheduler_card"], judged, text[judged.key], "airflow", age))
    return cards


def _from_ledger(ledger: LedgerFacts, now: datetime, text: dict[str, str], words: Words) -> list[Card]:
    def ago(moment: datetime) -> str:
        return words.span((now - moment).total_seconds())

    mine = ledger.backups[0] if ledger.backups else None
    judged = verdict.backup(mine, now)
    newest = mine.checked.snapshot_at if mine and mine.checked else None
    sentence = text[judged.key].format(when=words.moment(newest) if newest else "")
    cards = [
        Card(text["backup"], judged, sentence, "backups", text["data_of"].format(ago=ago(newest)) if newest else "")
    ]

    reading = ledger.odoo
    age = text["read_ago"].format(ago=ago(reading.read_at)) if reading and reading.read_at else ""
    judged = verdict.odoo(reading, now)
    cards.append(Card(text["odoo"], judged, text[judged.key], "odoo", age))
    judged, first = verdict.forms(ledger.f29, reading, now)
    dates = _dates(first, text, words) if first else {}
    cards.append(Card(text["f29"], judged, text[judged.key].format(**dates), "f29", age))

    deploys = ledger.deploys[0] if ledger.deploys else None
    judged = verdict.production(deploys)
    since = words.moment(deploys.served_since) if deploys and deploys.served_since else ""
    cards.append(Card(text["production"], judged, text[judged.key].format(when=since), "production", text["read_now"]))
    return cards


def _components(facts: Facts) -> list[tuple[str, str, datetime | None]]:
    state = facts.airflow
    if state is None:
        return []
    return [(name, verdict.component(state, name, facts.now), state.heartbeats.get(name)) for name in COMPONENTS]


def _backup(backups: Backups, now: datetime, text: dict[str, str], words: Words) -> dict[str, Any]:
    """What the template shows of one installation's backups."""
    passed, checked = backups.passed, backups.checked
    days = daily(backups.history, now, words.zone)
    names = [words.day(day.day) for day in days]
    return {
        "facts": backups,
        "rpo": (now - passed.snapshot_at).total_seconds() if passed and passed.snapshot_at else None,
        "rpo_limit": _NIGHT,
        "size": sum(checked.processed.values()) if checked else None,
        "added": sum(checked.added.values()) if checked else None,
        "charts": [
            _chart(text["chart_rpo"], names, [day.rpo for day in days], words.hours, text, limit=_NIGHT),
            _chart(text["chart_rto"], names, [day.rto for day in days], words.clock, text),
        ],
    }


def _chart(
    title: str,
    names: list[str],
    values: list[float | None],
    spell: Callable[[float], str],
    text: dict[str, str],
    limit: float | None = None,
) -> Chart:
    spelled = [text["no_data"] if value is None else spell(value) for value in values]
    rows = list(zip(names, spelled, strict=True))
    bars = [Bar(value, f"{name}: {figure}") for value, (name, figure) in zip(values, rows, strict=True)]
    return Chart(
        title=title,
        svg=plot.bars(bars, title, limit),
        top=spell(plot.ceiling([value for value in values if value is not None], limit)),
        first=names[0],
        last=names[-1],
        limit="" if limit is None else f"{text['limit']} {spell(limit)}",
        rows=rows[::-1],
    )
