"""Slack takes every message, however long what others wrote in it: for one text too long it refuses a whole one."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from ofitec.backup import message as backup
from ofitec.deploy import message as deploy
from ofitec.deploy.host.record.plans import Change, Mode
from ofitec.deploy.host.record.terms import Terms
from ofitec.f29 import message as f29
from ofitec.f29 import reminder, utm
from ofitec.f29.delivery import FIGURES, News, Receipt
from ofitec.f29.delivery import Change as Figure
from ofitec.f29.form import Company, FormWarning, LateDocument, MissingInput, Question
from ofitec.f29.rcv import message as register
from ofitec.f29.rcv.files import Rejected
from ofitec.f29.rcv.outcome import Outcome, Register
from ofitec.ledger import Ledger
from ofitec.ledger.tables import BackupRun, Notification, RestoreProof
from ofitec.notify import approval, channels, digest, failure_message, four_eyes, late, once, recovery
from ofitec.notify.blocks import cut
from ofitec.notify.escape import Message, close, escape
from ofitec.notify.plain import plain_text
from ofitec.notify.redact import by_form
from tests.ofitec.deploy.host import examples
from tests.ofitec.f29.examples import example_a
from tests.ofitec.spanish import english_words

ZONE = ZoneInfo("America/Santiago")
AT = datetime(2026, 11, 25, 1, 10, tzinfo=UTC)
PAGE = "https://airflow.example"
# 10,000 characters, most of which are written with more of them once they are escaped
LONG = "Ñandú & <Hijos> Ltda." * 477
DAG = "f29_monthly." * 840  # of the signs that Airflow allows in a DAG's id
MANY = 40


def failed(**changed: Any) -> Message:
    given: dict[str, Any] = {"errors": [], "task_id": LONG, "log_url": f"{PAGE}/{'x' * 10_000}", "reason": LONG}
    return failure_message.build(DAG, LONG, **given | changed, runbook_url=PAGE)


def recovered() -> Message:
    closed = [recovery.Closed(Notification(run_id=LONG), [LONG]) for _ in range(MANY)]
    return recovery.build(DAG, LONG, closed)


def night() -> BackupRun:
    parts = {"database": {"processed": 10**15}}
    return BackupRun(key=LONG, snapshot_at=AT, snapshots=parts)


def proven() -> Message:
    proof = RestoreProof(tables=10**15, rows=10**15, files=10**15, rto_seconds=1e9, read_data=True)
    return backup.proven(night(), proof, kept_for_ever=True)


RESTORE = {"backup": LONG, "at": AT, "database": LONG, "neutralise": False, "replaces": [f"database {LONG}"] * MANY}


def restore_asked() -> Message:
    title, facts, paragraphs = backup.restore_asked(RESTORE, by=LONG)
    return approval.asked(title, facts, paragraphs, page=PAGE, until=AT, zone=ZONE)


def asked() -> approval.Asked:
    return approval.Asked(LONG, LONG, False, PAGE, AT, "odoo_deploy", LONG)


def planned(**changed: Any) -> Any:
    plain: dict[str, Any] = {"who": LONG, "image": f"a/{LONG}@sha256:{'a' * 64}", "mode": Mode.MIGRATE}
    plain["modules"] = tuple(Change(LONG, LONG, LONG) for _ in range(MANY))
    return examples.plan(**plain | {"silent_changes": (LONG,) * MANY} | changed)


def deployed(status: str) -> Message:
    steps = [{"name": "smoke", "seconds": 10.0**9} for _ in range(MANY * 10)]
    journal = {"facts": {"maintenance_seconds": 1e9}, "error": LONG, "steps": steps}
    return deploy.ended(planned(mode=Mode.CODE), journal, status, PAGE, answered_by=LONG)


def month(**changed: Any) -> Any:
    return example_a().model_copy(
        update={
            "company": LONG,
            "folio": LONG,
            "missing_inputs": [MissingInput(code="48", glosa=LONG, last=1)] * MANY,
            "questions": [Question(code="504", message=LONG)] * MANY,
            "late": [LateDocument(kind="posted", period="2026-07", direction="sale", type=LONG, folio=LONG, iva=1)],
            "warnings": [FormWarning(code="x", message=LONG) for _ in range(MANY)],
            **changed,
        }
    )


def delivered(**changed: Any) -> Message:
    figures = [Figure(code="502", before=10**15, after=10**15)] * MANY
    news = News(reasons=[FIGURES], changes=figures)
    receipt = Receipt(delivery_id=1, outcome="delivered", url=LONG, news=news)
    return f29.build(month(**changed), receipt, [LONG] * MANY, today=date(2026, 9, 10), odoo_url=PAGE)


def register_compared() -> Outcome:
    sections = [Register(section="sales", file=LONG, documents=10**6, refused=[*range(MANY)])] * 7
    rejected = [Rejected(file=LONG, reason=LONG)] * MANY
    return Outcome(registers=sections, rejected=rejected, certificate=f"{LONG}\n{LONG}", counts={"amount": 10**6})


def noted() -> Message:
    kept = Notification(made_at=AT, blocks=failed()[1])
    return LONG, once._with_note(kept)


MESSAGES: dict[str, Callable[[], Message]] = {
    "failure": lambda: failed(errors=[(LONG, LONG)] * MANY),
    "failure of a killed run": failed,
    "recovery": recovered,
    "late": lambda: late.build(DAG, LONG, 20, PAGE),
    "late message said again": noted,
    "question": lambda: approval.asked(
        LONG, [("Lo pide", escape(LONG))] * MANY, [escape(LONG)], page=PAGE, until=AT, zone=ZONE
    ),
    "yes": lambda: approval.answered(asked(), who=LONG, at=AT, refusal="", zone=ZONE),
    "yes that does not count": lambda: approval.answered(
        asked(), who=LONG, at=AT, refusal=four_eyes.Rules((LONG,)).refusal("ana", LONG), zone=ZONE
    ),
    "backups lost": lambda: backup.lost([LONG] * MANY, LONG),
    "strangers": lambda: backup.strangers([LONG] * MANY),
    "backup proven": proven,
    "refuted backup passes": lambda: backup.lifted(night()),
    "restore asked": restore_asked,
    "rotation": lambda: backup.rotated(10**15, LONG),
    "rotation, key lost": lambda: backup.new_key_lost(LONG),
    "rotation ended": backup.old_key_gone,
    "rotation reminder": lambda: backup.reminder(AT, AT),
    "deploy asked": lambda: deploy.asked(planned(), PAGE, expected_seconds=1e9, until=AT, zone=ZONE),
    "deploy rehearsed": lambda: deploy.rehearsed(planned(), 1e9, AT, PAGE, ZONE),
    "way back asked": lambda: deploy.asked(
        planned(mode=Mode.RETURN, terms=Terms(hours="22:00-06:00")), PAGE, expected_seconds=None, until=AT, zone=ZONE
    ),
    **{f"deploy {status}": partial(deployed, status) for status in deploy._TITLES},
    "f29 month": delivered,
    "f29 filed": lambda: delivered(status="filed", filed_on=date(2026, 9, 23), filed_total=10**15),
    "register compared": lambda: register.build(
        Company(id=1, name=LONG, rut="77123456-9"), "2026-08", register_compared(), form_id=7, odoo_url=PAGE
    ),
    "utm missing": lambda: utm.build(
        {f"20{year}-12": [f"{LONG}{number}" for number in range(MANY)] for year in range(10, 30)}, odoo_url=PAGE
    ),
    "digest": lambda: digest.build(LONG, [escape(LONG)] * MANY, escape(LONG))[0],
    "register astray": lambda: register.astray([LONG] * register.MOST_LINES),
    "f29 reminder": lambda: reminder.build(month(), today=date(2026, 9, 30), odoo_url=PAGE),
}  # fmt: skip


def refusals(blocks: list[dict[str, Any]]) -> None:
    """What Slack would answer with `invalid_blocks`, by slack_sdk's own rules and those that it leaves out."""
    assert 0 < len(blocks) <= 50
    for block, parsed in zip(blocks, Block.parse_all(blocks), strict=True):
        parsed.validate_json()
        fields, elements = block.get("fields", []), block.get("elements", [])
        texts = [entry["text"] for entry in [*fields, *elements]] + ([block["text"]["text"]] if "text" in block else [])
        assert all(texts)
        assert max(map(len, texts)) <= (2000 if fields else 3000)
        assert len(elements) <= 10


@pytest.mark.parametrize("kind", MESSAGES)
def test_slack_takes_every_kind_of_message(kind: str) -> None:
    text, blocks = MESSAGES[kind]()
    refusals(blocks)
    refusals(close((text, blocks), (PAGE,), by_form)[1])


@pytest.mark.parametrize("kind", MESSAGES)
def test_every_sentence_is_spanish(kind: str) -> None:
    text, blocks = MESSAGES[kind]()
    assert english_words(plain_text(text, blocks)) == set()


@pytest.mark.parametrize("mode", Mode)
def test_every_question_is_spanish(mode: Mode) -> None:
    for question in (deploy.question(planned(mode=mode), expected_seconds=90), backup.restore_question(RESTORE)):
        assert english_words(" ".join(question.values())) == set()


def test_slack_takes_a_no(ledger: Ledger, ledger_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[list[dict[str, Any]]] = []
    monkeypatch.setenv("AIRFLOW_CONN_OFITEC_LEDGER", ledger_dsn)
    monkeypatch.setattr(channels, "tell", lambda text, blocks: told.append(blocks))
    run = {"dag_id": "odoo_deploy", "run_id": LONG[:100], "url": PAGE}
    approval.rejected(ledger, LONG, who=LONG, at=AT, hours=24, zone=ZONE, **run)
    refusals(told[0])


PIECES = ("a", "ñ", " ", "&amp;", "&lt;", "&gt;", "<https://airflow.example/x|Ver>", "<https://a.example>")


@given(st.lists(st.sampled_from(PIECES), max_size=30), st.integers(min_value=1, max_value=60))
def test_what_is_cut_ends_between_two_pieces(pieces: list[str], most: int) -> None:
    text = "".join(pieces)
    shown = cut(text, most)
    assert len(shown) <= most
    if len(text) <= most:
        assert shown == text
    else:
        assert shown.endswith("…")
        begins = ["".join(pieces[:count]) for count in range(len(pieces) + 1)]
        assert shown[:-1] == max((begin for begin in begins if len(begin) < most), key=len)


@pytest.mark.parametrize(
    ("text", "most", "shown"),
    [
        ("Respaldo", 8, "Respaldo"),
        ("Respaldos", 8, "Respald…"),
        ("A &amp; B", 6, "A …"),
        ("A &amp; B", 8, "A &amp;…"),
        ("Vea <https://a.example|el registro>", 20, "Vea …"),
    ],
)
def test_cutting(text: str, most: int, shown: str) -> None:
    assert cut(text, most) == shown
