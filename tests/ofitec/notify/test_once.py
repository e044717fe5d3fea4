"""A message is sent once, whoever calls how often, and again only if it did not leave."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from sqlalchemy import text

from ofitec.ledger import Ledger
from ofitec.notify.once import send_once

WHO = {"kind": "failure", "dag_id": "f29_monthly", "run_id": "run 1"}


def test_eight_callers_at_once_send_one_message(ledger: Ledger) -> None:
    sent: list[int] = []
    call = partial(send_once, ledger, key="failure/f29_monthly/run 1", **WHO)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda n: call(send=lambda: sent.append(n)), range(8)))
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
    with ledger.engine.connect() as link:
        assert link.execute(text("SELECT status, attempts FROM ofitec.notification")).one() == ("sent", 2)


def test_the_claim_of_a_killed_sender_is_given_up_after_ten_minutes(ledger: Ledger) -> None:
    claim = (
        "INSERT INTO ofitec.notification (key, kind, dag_id, run_id, status, attempts, claimed_at) "
        "VALUES ('k', 'failure', 'd', 'r', 'pending', 1, clock_timestamp() - :age * interval '1 minute')"
    )
    for age, expected in ((5, False), (11, True)):
        with ledger.engine.begin() as link:
            link.execute(text("DELETE FROM ofitec.notification"))
            link.execute(text(claim), {"age": age})
        assert send_once(ledger, key="k", send=lambda: None, **WHO) is expected
