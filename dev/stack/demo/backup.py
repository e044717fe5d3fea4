"""The demo's backup: the nightly run, the proof that it starts by itself, and what both wrote into the ledger."""

from __future__ import annotations

import time

from dev.stack.errors import StackError
from dev.stack.local_stack import LEDGER_DATABASE, LocalStack
from dev.stack.machine import progress
from dev.stack.services.airflow_api import AirflowApi, DagRun
from ofitec.ledger import backups, open_ledger
from ofitec.ledger.tables import BackupRun, RestoreProof

NIGHTLY, VERIFY = "backup_nightly", "backup_verify"


def run(stack: LocalStack) -> None:
    """Backs Odoo up, waits for the proof, and prints both."""
    api = stack.airflow.api
    api.wait_for_dag(VERIFY)
    api.unpause(VERIFY)
    before = api.runs(VERIFY)
    api.run(NIGHTLY, {"create_repository": True})
    await_proof(api, before)
    ledger = open_ledger(stack.postgres.dsn(LEDGER_DATABASE, "ofitec"))
    row = backups.newest_proven(ledger, stack.place.name)
    if row is None:
        raise StackError(f"{VERIFY} succeeded, but the ledger knows no proven backup.")
    print("\n".join(lines(row, backups.proofs(ledger, row.key)[-1])))


def await_proof(api: AirflowApi, before: list[str]) -> DagRun:
    """Waits for the proof that a backup starts: a run that is not among those `before` it.

    Raises StackError when it fails or does not come.
    """
    with progress.step(f"Airflow: {VERIFY}, started by the backup") as shown:
        deadline = time.monotonic() + 60
        while not (new := [run_id for run_id in api.runs(VERIFY) if run_id not in before]):
            if time.monotonic() > deadline:
                raise StackError(f"{NIGHTLY} succeeded, but {VERIFY} had not started 60 s later; see {api.url}.")
            time.sleep(0.5)
        proof = api.wait(VERIFY, new[-1], shown=shown)
        shown.detail = proof.state
        if proof.state != "success":
            raise StackError(api.why_failed(proof))
    return proof


def lines(row: BackupRun, proof: RestoreProof) -> list[str]:
    """A backup and its proof as text."""
    shown = [f"\nBackup {row.key}, proven by restoring it\n"]
    for part, saved in row.snapshots.items():
        shown.append(
            f"  {part:<10} snapshot {saved['id'][:12]}  {_mb(saved['processed']):>8} MB read"
            f"  {_mb(saved['added']):>8} MB added"
        )
    seconds = ", ".join(f"{step} {took:.1f}" for step, took in proof.steps.items())
    return [
        *shown,
        f"\n  compared   {proof.tables} tables, {proof.rows:,} rows, {proof.files} files; all as at the source",
        f"  RTO        {proof.rto_seconds:.1f} s (seconds a step, some side by side: {seconds})",
    ]


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f}"
