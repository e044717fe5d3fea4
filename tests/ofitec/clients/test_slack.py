"""What Slack's client never says."""

import json
import logging
import socket

import pytest

from ofitec.clients import slack


def test_a_refused_connection_is_told_without_the_webhook(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    secret = "T000/B000/" + "Zx9hunter2"
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    conn = {"conn_type": "slackwebhook", "host": f"http://127.0.0.1:{port}/services", "password": secret}
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_GONE", json.dumps(conn))
    caplog.set_level(logging.DEBUG)
    with pytest.raises(slack.SlackFailed) as refused:
        slack.post("hola", [], conn_id="slack_gone")
    assert secret not in str(refused.value) + caplog.text + "".join(capfd.readouterr())
