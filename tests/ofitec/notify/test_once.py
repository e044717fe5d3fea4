"""A message is sent once, whoever calls how often, and again only if it did not leave."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from ofitec.clients.slack import SlackFailed
from ofitec.ledger import Ledger
from ofitec.ledger.store import LedgerDown
from ofitec.notify import channels, once
from ofitec.notify.once import send_once

WHO = {"kind": "failure", "dag_id": "f29_monthly", "run_id": "run 1"}


def test_eight_callers_at_once_send_one_message(ledger: Ledger) -> None:
    sent: list[int] = []

    def call(number: int) -> bool:
        return send_once(ledger, key="failure/f29_monthly/run 1", send=lambda: sent.append(number), **WHO)

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(call, range(8)))
    assert len(sent) == 1
    assert results.count(True) == 1


def test_a_refused_message_is_sent_by_the_next_try(ledger: Ledger) -> None:
    def refuse() -> None:
        raise ConnectionError("Slack is down")

    with pytest.raises(ConnectionError):
        send_once(ledger, key="k", send=refuse, **WHO)
    sent: list[str] = []
    assert send_once(ledger, key="k", send=lambda: sent.append("x"), **WHO)
    assert not send_once(ledger, key="k", send=lambda: sent.append("y"), **WHO)
    assert sent == ["x"]
    with ledger.engine.connect() as conn:
        assert conn.execute(text("SELECT status, attempts FROM ofitec.notification")).one() == ("sent", 2)


def test_the_claim_of_a_killed_sender_is_given_up_after_ten_minutes(ledger: Ledger) -> None:
    claim = (
        "INSERT INTO ofitec.notification (key, kind, dag_id, run_id, status, attempts, claimed_at) "
        "VALUES ('k', 'failure', 'd', 'r', 'pending', 1, clock_timestamp() - :age * interval '1 minute')"
    )
    for age, expected in ((5, False), (11, True)):
        with ledger.engine.begin() as conn:
            conn.execute(text("DELETE FROM ofitec.notification"))
            conn.execute(text(claim), {"age": age})
        assert send_once(ledger, key="k", send=lambda: None, **WHO) is expected


MESSAGE = ("Falló algo", [{"type": "section", "text": {"type": "mrkdwn", "text": "detalle"}}])
KILLED = (
    "INSERT INTO ofitec.notification (key, kind, dag_id, run_id, status, attempts, claimed_at, made_at, text, blocks) "
    "VALUES ('killed', 'failure', 'd', 'r', 'pending', 1, clock_timestamp() - :age * interval '1 minute', "
    "clock_timestamp() - :age * interval '1 minute', 'Nadie lo supo', '[]')"
)


@pytest.fixture
def told(ledger_dsn: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    heard: list[str] = []
    monkeypatch.setenv("AIRFLOW_CONN_OFITEC_LEDGER", ledger_dsn)
    monkeypatch.setattr(channels, "tell", lambda text, blocks: heard.append(text + json.dumps(blocks)))
    return heard


def states(ledger: Ledger) -> dict[str, str]:
    with ledger.engine.connect() as conn:
        return dict(iter(conn.execute(text("SELECT key, status FROM ofitec.notification"))))


def lost(ledger: Ledger) -> int:
    now = datetime.now(UTC)
    with ledger.transaction() as session:
        return once.undelivered(session, now, since=now - timedelta(days=1))


def test_the_message_of_a_killed_sender_counts_as_lost_and_goes_with_the_next_one(
    ledger: Ledger, told: list[str]
) -> None:
    with ledger.engine.begin() as conn:
        conn.execute(text(KILLED), {"age": 5})
    assert lost(ledger) == 0
    once.tell_once(ledger, MESSAGE, key="next", **WHO)
    assert len(told) == 1  # five minutes: its sender may still be at work
    with ledger.engine.begin() as conn:
        conn.execute(text("UPDATE ofitec.notification SET claimed_at = claimed_at - interval '6 minutes'"))
    assert lost(ledger) == 1
    once.tell_once(ledger, MESSAGE, key="next but one", **WHO)
    assert told[2].startswith("Nadie lo supo")
    assert "que no se pudo entregar antes" in told[2]
    assert set(states(ledger).values()) == {"sent"}
    assert lost(ledger) == 0


def test_what_slack_refused_is_said_later_and_only_once(
    ledger: Ledger, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise SlackFailed("Slack answered 500")

    with monkeypatch.context() as down:
        down.setattr(channels, "tell", refuse)
        with pytest.raises(SlackFailed):
            once.tell_surely(MESSAGE, key="refused", **WHO)
        assert once.tell_again(ledger) == 0
    assert lost(ledger) == 1
    assert once.tell_again(ledger) == 1
    assert once.tell_again(ledger) == 0
    assert len(told) == 1


def test_what_nobody_could_be_told_for_three_days_is_history(ledger: Ledger, told: list[str]) -> None:
    with ledger.engine.begin() as conn:
        conn.execute(text(KILLED), {"age": 3 * 24 * 60 + 1})
    assert once.tell_again(ledger) == 0
    assert told == []


def test_without_a_ledger_people_are_told_all_the_same(told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for gone in ("postgresql://ofitec:x@127.0.0.1:1/none", None):
        if gone:
            monkeypatch.setenv("AIRFLOW_CONN_OFITEC_LEDGER", gone)
        else:
            monkeypatch.delenv("AIRFLOW_CONN_OFITEC_LEDGER")
        assert once.tell_surely(MESSAGE, key="k", **WHO)
    assert len(told) == 2


def test_a_ledger_that_goes_away_after_the_sending_does_not_send_again_at_once(
    ledger: Ledger, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def tell_and_lose(text_: str, blocks: object) -> None:
        told.append(text_)
        monkeypatch.setattr(Ledger, "transaction", lost_ledger)

    def lost_ledger(_: Ledger) -> object:
        raise LedgerDown("gone")

    monkeypatch.setattr(channels, "tell", tell_and_lose)
    assert once.tell_surely(MESSAGE, key="k", **WHO)
    assert len(told) == 1
