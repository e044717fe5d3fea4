"""What is asked of Prometheus, and that what it does not know is known as that."""

from datetime import UTC, datetime

import pytest

from ofitec.deploy.scale.readings import NAMES, Readings, Waiting, over, queries, read

SAID = {
    "cores": 4.0, "memory": 16e9, "free": 8e9, "busy": 0.5, "at_once": 4.6, "at_once_day": 5.0, "p95": 1.8,
    "requests": 3000.2, "log_age": 20.0, "node_age": 31.5,
}  # fmt: skip


def asked(missing: str = "") -> Readings:
    known = {query: None if name == missing else SAID[name] for name, query in queries().items()}
    return read(lambda query, at=None: known[query], workers=2, cron_threads=1)


def test_each_reading_is_the_answer_to_its_own_question() -> None:
    assert asked() == Readings(
        workers=2, cron_threads=1, cores=4, memory=16e9, free=8e9, busy=0.5, at_once=4.6, at_once_day=5.0, p95=1.8,
        requests=3000.2, age=31.5,
    )  # fmt: skip
    assert NAMES.keys() == asked().shown().keys() - {"workers", "cron_threads"}  # people have a word for each


@pytest.mark.parametrize("name", SAID)
def test_what_prometheus_does_not_know_is_none(name: str) -> None:
    missing = [reading for reading, value in asked(missing=name).shown().items() if value is None]
    assert missing == ["age" if name.endswith("_age") else name]


def test_one_of_several_hosts_is_chosen_by_its_label() -> None:
    for name, query in queries("odoo:9100").items():
        assert ('instance="odoo:9100"' in query) == ("node_" in query), name


def test_people_waited_so_long_over_some_minutes() -> None:
    at = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
    questions: list[tuple[str, datetime | None]] = []

    def ask(query: str, at: datetime | None = None) -> float:
        questions.append((query, at))
        return float(len(questions))

    assert over(ask, at, 7) == Waiting(p95=1.0, requests=2.0)
    assert all("[7m]" in query and moment == at for query, moment in questions)
