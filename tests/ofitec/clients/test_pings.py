"""What a dead man's switch hears of us, and what nobody else ever does: its address."""

import json
import logging
import socket
from collections.abc import Iterator
from uuid import UUID

import pytest

from ofitec.clients.pings import PingFailed, PingRefused, ping
from ofitec.connections import connection, found
from ofitec.errors import InputError
from tests.ofitec.clients.ping_server import KEY, Switch, dead_mans_switch

RID = UUID("728b3763-83be-4e57-9d4c-6a7c8f0f5a11")


@pytest.fixture
def switch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Switch]:
    with dead_mans_switch() as running:
        monkeypatch.setenv("AIRFLOW_CONN_PING_DEFAULT", json.dumps(running.connection))
        yield running


@pytest.mark.parametrize(
    ("signal", "path"),
    [("start", "/a/start"), ("success", "/a"), ("fail", "/a/fail"), ("log", "/a/log")],
)
def test_a_signal_is_one_address_without_a_body(switch: Switch, signal: str, path: str) -> None:
    ping(connection("ping_default"), "a", signal, rid=RID)  # type: ignore[arg-type]
    [heard] = switch.heard
    assert (heard.path, heard.query, heard.body) == (path, {"create": ["1"], "rid": [str(RID)]}, 0)


def test_what_passes_is_tried_again_and_what_stays_is_not(switch: Switch) -> None:
    conn = connection("ping_default")
    switch.answers[:] = [503, 0]
    ping(conn, "a", "success")
    assert len(switch.heard) == 3
    switch.answers[:] = [500] * 9
    with pytest.raises(PingFailed, match="answered 500 for a"):
        ping(conn, "a", "success")
    assert len(switch.heard) == 6
    switch.answers[:] = [404]
    with pytest.raises(PingRefused, match="no such ping key, or no such check") as refused:
        ping(conn, "a", "success")
    assert refused.value.status == 404
    assert len(switch.heard) == 7


def test_no_log_line_nor_error_holds_the_address(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    conn = {"conn_type": "generic", "host": f"http://127.0.0.1:{port}", "password": KEY}
    monkeypatch.setenv("AIRFLOW_CONN_PING_DEFAULT", json.dumps(conn))
    caplog.set_level(logging.DEBUG)
    with pytest.raises(PingFailed, match=r"cannot be reached for a \(URLError\)") as failed:
        ping(connection("ping_default"), "a", "success")
    assert failed.value.__cause__ is None
    assert KEY not in str(failed.value) + caplog.text + "".join(capfd.readouterr())


@pytest.mark.parametrize(
    ("conn", "wrong"),
    [
        ({"host": "file:///etc", "password": "k"}, "an address like"),
        ({"host": "https://hc-ping.com"}, "lacks its password"),
    ],
)
def test_a_connection_that_cannot_be_right_says_so(
    monkeypatch: pytest.MonkeyPatch, conn: dict[str, str], wrong: str
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_PING_DEFAULT", json.dumps({"conn_type": "generic", **conn}))
    with pytest.raises(InputError, match=wrong):
        ping(connection("ping_default"), "a", "success")


def test_without_the_connection_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_PING_DEFAULT", raising=False)
    assert found("ping_default") is None
