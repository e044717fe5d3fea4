"""From readings to a number of processes: Odoo's rule, memory, limits, and no change that the next look would undo."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ofitec.deploy.scale.decision import Act, Decision, Limits, decide
from ofitec.deploy.scale.readings import Readings

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
GB = 1024**3
LIMITS = Limits(fewest=2, most=12, slow=1.0, worker_bytes=325 * 1024**2)
# an afternoon in which four cores, of which half are idle, have two processes for five requests at a time
CROWDED = Readings(
    workers=2, cron_threads=1, cores=4, memory=16 * GB, free=8 * GB, busy=0.5, at_once=4.6, at_once_day=5.0, p95=1.8,
    requests=3000.0, age=20.0,
)  # fmt: skip


def look(limits: Limits = LIMITS, failed: tuple[int, ...] = (), **changed: Any) -> Decision:
    return decide(replace(CROWDED, **changed), limits, now=NOW, failed=failed)


def test_requests_that_wait_ask_for_more_processes_and_the_reason_has_the_figures() -> None:
    made = look()
    assert (made.act, made.workers, made.to) == (Act.GROW, 2, 6)
    assert made.reason == (
        "Hay 4,6 peticiones a la vez para 2 procesos, 2,6 en espera; el 95 % responde en menos de 1,8 s. Convienen 6 "
        "procesos (4 núcleos × 2 + 1 = 9, menos 1 para las tareas programadas)."
    )


@pytest.mark.parametrize(
    ("changed", "to", "why"),
    [
        ({"at_once": 9.0, "at_once_day": 9.0}, 8, "harían falta 12, pero 4 núcleos × 2 + 1 = 9, menos 1 para"),
        ({"free": 2.6 * GB}, 3, "harían falta 6, pero hay memoria libre para 3, que arrancan junto a los actuales"),
        ({"limits": replace(LIMITS, most=4)}, 4, "harían falta 6, pero el máximo configurado es 4"),
        ({"failed": (5,)}, 4, "harían falta 6, pero con 5 resultó peor en las últimas 24 horas"),
    ],
)
def test_whatever_holds_the_number_down_is_named(changed: dict[str, Any], to: int, why: str) -> None:
    made = look(**changed)
    assert (made.act, made.to) == (Act.GROW, to)
    assert why in made.reason


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"cores": 1, "cron_threads": 1}, "Harían falta 6 procesos, pero 1 núcleo × 2 + 1 = 3, menos 1"),
        ({"free": 1.9 * GB}, "Harían falta 6 procesos, pero hay memoria libre para 0"),
        ({"busy": 0.93}, "los núcleos trabajan al 93 %: más procesos no ayudarían"),
        ({"age": 600.0}, "Las mediciones son de hace 10 minutos"),
        ({"workers": 0}, "ODOO_WORKERS=0"),
        ({"requests": 3.0, "p95": None, "at_once": None}, "Casi nadie usa Odoo"),
        ({"requests": 0.0, "p95": None, "at_once": None, "at_once_day": None}, "Casi nadie usa Odoo"),
    ],
)
def test_it_stays_and_says_why(changed: dict[str, Any], why: str) -> None:
    made = look(**changed)
    assert (made.act, made.changes) == (Act.STAY, False)
    assert why in made.reason


@pytest.mark.parametrize("name", [f.name for f in fields(Readings) if f.name not in ("workers", "cron_threads")])
def test_an_absent_reading_is_never_made_up(name: str) -> None:
    changed: dict[str, Any] = {name: None}
    made = decide(replace(CROWDED, **changed), LIMITS, now=NOW)
    assert made.act is Act.STAY
    assert "Faltan mediciones" in made.reason


def test_slow_answers_ask_for_more_only_where_the_processes_are_at_work() -> None:
    assert look(workers=6, at_once=5.1, at_once_day=6.0, p95=3.0).to == 7
    assert look(workers=6, at_once=2.0, at_once_day=6.0, p95=3.0).act is Act.STAY  # slow for another reason
    assert look(workers=6, at_once=5.1, at_once_day=6.0, p95=0.3).act is Act.STAY  # and quick as it is


def test_what_nobody_needed_all_day_is_given_back_but_not_what_the_day_needed() -> None:
    made = look(workers=8, at_once=1.0, at_once_day=3.0, p95=0.2)
    assert (made.act, made.to) == (Act.SHRINK, 4)
    assert "En las últimas 24 horas no hubo más de 3 peticiones a la vez: alcanza con 4 procesos." in made.reason
    assert look(workers=8, at_once=1.0, at_once_day=6.0, p95=0.2).act is Act.STAY
    assert look(workers=8, at_once=0.5, at_once_day=0.5, p95=0.2).to == LIMITS.fewest
    assert look(workers=8, at_once=1.0, at_once_day=3.0, p95=0.2, free=2.0 * GB).act is Act.STAY  # no room beside


def test_a_setting_below_what_serves_is_obeyed_as_far_as_today_allows() -> None:
    few = replace(LIMITS, most=4)
    assert look(few, workers=8, at_once=1.0, at_once_day=2.8, p95=0.2).to == 4
    made = look(few, workers=8, at_once=2.0, at_once_day=5.5, p95=0.2)
    assert (made.act, made.to) == (Act.SHRINK, 6)
    assert "en las últimas 24 horas hubo 5,5 peticiones a la vez" in made.reason
    assert look(replace(LIMITS, fewest=4), at_once=1.0, at_once_day=1.0, p95=0.1).to == 4


def test_two_changes_are_an_hour_apart() -> None:
    soon = decide(CROWDED, LIMITS, now=NOW, changed_at=NOW - timedelta(minutes=59))
    assert soon.act is Act.STAY
    assert "El último cambio fue hace 59 minutos" in soon.reason
    assert decide(CROWDED, LIMITS, now=NOW, changed_at=NOW - timedelta(hours=1)).act is Act.GROW


GOOD = some.builds(
    Readings,
    workers=some.integers(1, 64),
    cron_threads=some.integers(0, 4),
    cores=some.integers(1, 64),
    memory=some.floats(GB, 512 * GB),
    free=some.floats(0, 256 * GB),
    busy=some.floats(0, 1),
    at_once=some.floats(0, 64),
    at_once_day=some.floats(0, 64),
    p95=some.floats(0, 30),
    requests=some.floats(0, 1e6),
    age=some.floats(0, 3600),
)
ALLOWED = some.builds(
    lambda fewest, more, slow: Limits(fewest, fewest + more, slow, 325 * 1024**2),
    some.integers(1, 32),
    some.integers(0, 32),
    some.floats(0.1, 10),
)
FAILED = some.frozensets(some.integers(1, 64), max_size=3)


@given(GOOD, ALLOWED, FAILED)
def test_the_same_load_asks_for_one_change_and_not_for_another(
    seen: Readings, limits: Limits, failed: frozenset[int]
) -> None:
    first = decide(seen, limits, now=NOW, failed=failed)
    second = decide(replace(seen, workers=first.to), limits, now=NOW, failed=failed)
    assert not second.changes, (first, second)


@given(GOOD, ALLOWED, FAILED)
def test_no_change_leaves_the_limits_the_memory_or_the_requests_of_the_day(
    seen: Readings, limits: Limits, failed: frozenset[int]
) -> None:
    made = decide(seen, limits, now=NOW, failed=failed)
    if not made.changes:
        assert made.act is Act.STAY
        return
    assert seen.cores is not None
    assert seen.free is not None
    assert seen.at_once is not None
    assert seen.at_once_day is not None
    assert made.to >= 1
    assert made.to not in failed
    assert made.to * limits.worker_bytes <= seen.free
    if made.act is Act.GROW:
        assert made.to > seen.workers
        assert made.to <= limits.most
        assert made.to <= max(seen.cores * 2 + 1, limits.fewest)
    else:
        assert made.act is Act.SHRINK
        assert made.to < seen.workers
        assert made.to >= min(limits.fewest, limits.most)
        assert made.to >= ceil(max(seen.at_once, seen.at_once_day))


@given(
    GOOD, ALLOWED, some.sampled_from([f.name for f in fields(Readings) if f.name not in ("workers", "cron_threads")])
)
def test_no_change_by_readings_that_are_absent_or_old(seen: Readings, limits: Limits, name: str) -> None:
    absent: dict[str, Any] = {name: None}
    assert not decide(replace(seen, **absent), limits, now=NOW).changes
    assert not decide(replace(seen, age=121.0), limits, now=NOW).changes
