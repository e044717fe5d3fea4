"""One value or none, and whatever is no answer is told as Prometheus being down."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlparse

import pytest

from ofitec.clients.prometheus import PrometheusDown, value
from ofitec.errors import InputError


class Answers(BaseHTTPRequestHandler):
    """Answers a query with its own text."""

    asked: dict[str, list[str]]

    def do_GET(self) -> None:
        Answers.asked = parse_qs(urlparse(self.path).query)
        body = Answers.asked["query"][0].encode()
        self.send_response(400 if b"wrong" in body else 200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def answer(*values: str) -> str:
    return json.dumps({"data": {"result": [{"metric": {}, "value": [1.0, text]} for text in values]}})


@pytest.mark.parametrize(
    ("values", "expected"), [(["3.5"], 3.5), ([], None), (["NaN"], None), (["+Inf"], None), (["0"], 0.0)]
)
def test_the_one_value_of_a_query(url: str, values: list[str], expected: float | None) -> None:
    assert value(url, answer(*values)) == expected


def test_a_moment_is_asked_for_in_seconds(url: str) -> None:
    value(url, answer("1"), at=datetime(2026, 11, 24, 14, 0, 0, 250000, tzinfo=UTC))
    assert Answers.asked["time"] == ["1795528800.250"]


def test_several_values_are_none_to_choose_from(url: str) -> None:
    with pytest.raises(InputError, match="has 2 values"):
        value(url, answer("1", "2"))


@pytest.mark.parametrize("said", ["wrong", "no JSON", "{}", '{"data": {"result": [1]}}', '{"data": {"result": [{}]}}'])
def test_whatever_is_no_answer_is_prometheus_being_down(url: str, said: str) -> None:
    with pytest.raises(PrometheusDown):
        value(url, said)


def test_nobody_there() -> None:
    with pytest.raises(PrometheusDown, match="ConnectError"):
        value("http://127.0.0.1:1", "up")
