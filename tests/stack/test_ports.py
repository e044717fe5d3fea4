import socket
from pathlib import Path

import pytest

from dev.stack.errors import StackError
from dev.stack.machine import paths, ports


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> paths.Place:
    monkeypatch.setattr(paths, "LOCAL", tmp_path)
    return paths.Place("demo")


def test_a_port_stays_the_same_between_starts(place: paths.Place) -> None:
    first = ports.port_of(place, "odoo")
    assert ports.is_free(first)
    assert ports.port_of(place, "odoo") == first
    assert ports.port_of(place, "airflow") != first


def test_a_port_taken_by_somebody_else_is_chosen_anew(place: paths.Place) -> None:
    first = ports.port_of(place, "odoo")
    with socket.create_server(("127.0.0.1", first)):
        assert ports.port_of(place, "odoo", in_use_by_us=True) == first
        second = ports.port_of(place, "odoo")
    assert second != first
    assert ports.recorded(place)["odoo"] == second


def test_no_free_port_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "is_free", lambda port: False)
    with pytest.raises(StackError, match=r"no free port on 127\.0\.0\.1 between 20000 and 32000"):
        ports.pick(set())
