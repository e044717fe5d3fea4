"""A change is judged by what people waited before and after it, and by nothing else."""

from datetime import UTC, datetime

import pytest

from ofitec.deploy.scale.judgement import Change, Verdict, judge
from ofitec.deploy.scale.readings import Waiting

MADE = Change(at=datetime(2026, 11, 24, 14, 0, tzinfo=UTC), before=4, to=6, minutes=15)
BEFORE = Waiting(1.0, 1000.0)


@pytest.mark.parametrize(
    ("p95", "requests", "verdict"),
    [
        (0.6, 1000.0, Verdict.FINE),
        (1.19, 1000.0, Verdict.FINE),  # within a fifth
        (1.5, 1000.0, Verdict.WORSE),
        (1.5, 400.0, Verdict.WORSE),
        (1.5, 1600.0, Verdict.UNKNOWN),  # more than half as many requests again
        (None, 0.0, Verdict.UNKNOWN),
        (9.0, 12.0, Verdict.UNKNOWN),
        (9.0, None, Verdict.UNKNOWN),
    ],
)
def test_the_verdict(p95: float | None, requests: float | None, verdict: Verdict) -> None:
    assert judge(MADE, BEFORE, Waiting(p95, requests)).verdict is verdict


@pytest.mark.parametrize("before", [Waiting(None, 0.0), Waiting(0.1, 29.0), Waiting(0.1, None)])
def test_a_quiet_time_before_is_nothing_to_compare_with(before: Waiting) -> None:
    assert judge(MADE, before, Waiting(9.0, 1000.0)).verdict is Verdict.UNKNOWN


def test_a_tenth_of_a_second_is_noise() -> None:
    quick = Waiting(0.05, 1000.0)
    assert judge(MADE, quick, Waiting(0.14, 1000.0)).verdict is Verdict.FINE
    assert judge(MADE, quick, Waiting(0.16, 1000.0)).verdict is Verdict.WORSE


def test_the_reason_has_both_figures() -> None:
    said = judge(MADE, BEFORE, Waiting(1.5, 1000.0)).reason
    assert said == "Con 6 procesos el 95 % responde en menos de 1,5 s; con 4 era 1 s."
