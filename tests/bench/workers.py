"""Times a month of 50 companies on two Celery workers beside one, each a host of its own with two tasks at once.

The companies are those of companies.py, and every row starts on the same fresh databases, storage and ledger. One
worker alone runs before and after the two, because a busy machine makes it differ. What one machine shows is a floor:
here the workers, Odoo and Airflow's own programs share its cores, which two machines would not.
"""

import os
from contextlib import ExitStack

from dev.stack.celery_stack import CeleryStack
from dev.stack.machine.paths import Place
from tests.bench.companies import Row, make_companies, one_run
from tests.e2e.two_workers import Two

COMPANIES = 50


def run() -> dict[str, float]:
    """Print the table; return the ratio that is promised."""
    CeleryStack(Place("bench-celery")).down()  # what a killed run left behind
    stack = CeleryStack(Place("bench-celery"))
    with ExitStack() as after:
        after.callback(stack.down)
        make_companies(stack, COMPANIES)
        two = Two(stack)
        for host in two.hosts.values():
            after.callback(host.remove, stack.processes)
        with two.alone("one"):
            before = one_run(stack, "f29_monthly", "one worker", COMPANIES)
        both = one_run(stack, "f29_monthly", "two workers", COMPANIES)
        with two.alone("one"):
            last = one_run(stack, "f29_monthly", "one worker", COMPANIES)
    print(table([before, both, last]))
    return {"f29_two_workers_over_one": ratio(before, both, last)}


def ratio(before: Row, both: Row, last: Row) -> float:
    """Seconds of two workers over those of one, the mean of before and after."""
    return round(both.seconds / ((before.seconds + last.seconds) / 2), 2)


def table(rows: list[Row]) -> str:
    """Each row with its seconds, and what they are over the one worker's."""
    one = (rows[0].seconds + rows[-1].seconds) / 2
    lines = [f"{'':<16}{'companies':>10}{'tasks':>7}{'seconds':>9}{'over one':>10}   ({os.cpu_count()} cores for all)"]
    lines += [
        f"{row.what:<16}{row.companies:>10}{row.tasks:>7}{row.seconds:>9.1f}{row.seconds / one:>9.2f}x" for row in rows
    ]
    return "\n".join(lines)
