"""A step of a job in a process of its own, so that a test can kill it: `python -m tests.ofitec.backup.worker STEP`."""

import dataclasses
import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from ofitec.backup import copying, nightly, proof, retention
from ofitec.backup.job import SECOND_CONNECTION, Job, Rules
from ofitec.clients.postgres import Database
from ofitec.clients.restic import Limits, Restic
from ofitec.ledger import open_ledger

ROOT = Path(__file__).parents[3]


def start(job: Job, step: str, second: Job | None = None) -> "subprocess.Popen[bytes]":
    """Start a step in the background; its log goes to the job's folder.

    :param second: the job of the second repository, for a step that needs both
    """
    log = (job.work / f"{step}.log").open("ab")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.ofitec.backup.worker", step],
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "include")},
    )
    assert process.stdin is not None
    given = describe(job) | ({"second": describe(second)["restic"]} if second else {})
    process.stdin.write(json.dumps(given).encode())
    process.stdin.close()
    return process


def describe(job: Job) -> dict[str, Any]:
    restic = dataclasses.asdict(job.restic)
    return {
        "env": job.env,
        "database": dataclasses.asdict(job.database),
        "filestore": str(job.filestore),
        "restic": {**restic, "cache": str(job.restic.cache)},
        "ledger": job.ledger.engine.url.render_as_string(hide_password=False),
        "work": str(job.work),
        "rules": dataclasses.asdict(job.rules),
        "odoo_command": job.odoo_command,
    }


def load(given: dict[str, Any], repository: str = "restic") -> Job:
    restic = given[repository]
    client = Restic(**{**restic, "cache": Path(restic["cache"]), "limits": Limits(**restic["limits"])})
    database = Database(**given["database"])
    return Job(
        env=given["env"],
        database=database,
        filestore=Path(given["filestore"]),
        restic=client,
        pruner=client,
        ledger=open_ledger(given["ledger"].replace("postgresql+psycopg", "postgresql")),
        scratch=database,
        work=Path(given["work"]),
        rules=Rules(**given["rules"]),
        odoo_command=given["odoo_command"],
        **({"connection": SECOND_CONNECTION} if repository == "second" else {}),
    )


def night(job: Job) -> None:
    nightly.preflight(job, run_id="worker")
    key = nightly.snapshot(job, run_id="worker")
    nightly.check(job, key, run_id="worker")


def prove(job: Job) -> None:
    """A night and its proof, as the two DAGs do them."""
    night(job)
    retention.apply(job, run_id="worker")
    proof.prove(job, proof.choose(job), run_id="worker")


def copy(first: Job, second: Job) -> None:
    copying.copy(first, second, run_id="worker")


STEPS = {"night": night, "prove": prove}

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(message)s")
    described = json.load(sys.stdin)
    if "second" in described:
        copy(load(described), load(described, "second"))
    else:
        STEPS[sys.argv[1]](load(described))
