"""Shares the companies of a run among its tasks, and does those of one task one after another, each for itself.

A task of its own costs more than the month of a company: a process, its imports, its logins (docs/f29.md).
"""

import logging
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from ofitec import words
from ofitec.errors import PermanentError, Several, SeveralFailed, SeveralUnfinished, TransientError
from ofitec.ledger import Ledger, targets

log = logging.getLogger(__name__)

Job = dict[str, Any]  # as `steps.plan` makes them

# So many in a row that may do better later, and the rest is left for the retry: then it is not the company's fault.
_PATIENCE = 2
_LONGEST = 250  # characters of a branch's name that Airflow keeps


def share(jobs: list[Job], most: int) -> list[list[Job]]:
    """The jobs in their order, in at most so many branches of about the same size."""
    count = min(len(jobs), most)
    bounds = [len(jobs) * number // count for number in range(count + 1)] if count else []
    return [jobs[start:end] for start, end in pairwise(bounds)]


def target(job: Job) -> str:
    """What the ledger calls a company's month: "76123456-0/2026-08"."""
    return f"{job['company']['rut']}/{job['period']}"


def label(job: Job) -> str:
    """The same for people: "Los Aromos SpA, agosto de 2026"."""
    return f"{job['company']['name']}, {words.month(job['period'])}"


def missing(ledger: Ledger, dag_id: str, run_id: str, jobs: list[Job]) -> list[Job]:
    """Of a branch that is tried again what this run has not reached; all of it if it has: then a person cleared it."""
    reached = {target.target for target in targets.of_run(ledger, dag_id, run_id) if target.reached_at}
    left = [job for job in jobs if target(job) not in reached] or jobs
    if len(left) < len(jobs):
        log.info("%d of %d are done already in this run", len(jobs) - len(left), len(jobs))
    return left


def name(jobs: list[Job], standing: str = "") -> str:
    """A branch as Airflow shows it: its company, or its first and last, and how that stands once it is known."""
    first, last = (jobs[place]["company"]["name"] for place in (0, -1))
    named = first if len(jobs) == 1 else f"{_cut(first, 60)} … {_cut(last, 60)} ({len(jobs)})"
    return _cut(f"{named}: {standing}" if standing else named, _LONGEST)


def standing(jobs: list[Job], failed: Several) -> str:
    """How a branch stands of which some failed: "24 de 25; falta Los Aromos SpA"."""
    missing = {name for name, _ in failed.failures}
    names = ", ".join(job["company"]["name"] for job in jobs if label(job) in missing)
    return f"{len(jobs) - len(missing)} de {len(jobs)}; falta {names}"


def done(jobs: list[Job], lines: list[str]) -> str:
    """How a branch stands of which none failed: what came of its company, or of how many it was done."""
    return lines[0].removeprefix(f"{label(jobs[0])}: ") if len(jobs) == 1 else "listas"


def each(jobs: list[Job], do: Callable[[Job], str]) -> list[str]:
    """Do each job for itself; one that fails stops no other.

    :param do: does one, says what came of it
    :return: a line for each: "Los Aromos SpA, agosto de 2026: calculado, $2.482.412"
    :raises Several: after all were done, with those that failed and those that were not tried because nothing answered;
        of one job alone its own error
    """
    lines: list[str] = []
    failures: list[tuple[str, Exception]] = []
    in_a_row = 0
    for number, job in enumerate(jobs):
        try:
            lines.append(f"{label(job)}: {do(job)}")
        except Exception as error:
            if len(jobs) == 1:
                raise
            in_a_row = 0 if isinstance(error, PermanentError) else in_a_row + 1
            failures.append((label(job), error))
            _log(job, error)
        else:
            in_a_row = 0
            log.info("%s", lines[-1])
        if in_a_row == _PATIENCE:
            failures += [(label(rest), TransientError("No se intentó.")) for rest in jobs[number + 1 :]]
            break
    if failures:
        raise _several(len(jobs), failures)
    return lines


def _several(count: int, failures: list[tuple[str, Exception]]) -> Several:
    lines = "; ".join(f"{name}: {error}" for name, error in failures)
    final = all(isinstance(error, PermanentError) for _, error in failures)
    kind = SeveralFailed if final else SeveralUnfinished
    return kind(f"{len(failures)} de {count} no quedaron listas. {lines}", failures)


def _log(job: Job, error: Exception) -> None:
    """An error of ours is a sentence; any other needs its traceback."""
    if isinstance(error, PermanentError | TransientError):
        log.error("%s: %s", label(job), error)
    else:
        log.error("%s: %s", label(job), error, exc_info=error)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
