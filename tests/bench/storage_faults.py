"""Provokes every storage fault of `tests.ofitec.backup.storages` around one good backup: none may refute it.

    python -m tests.bench storage_faults      # about five minutes: a storage that only stalls costs its time limits

Prints what each fault was taken for. Writes storage_faults and storage_faults_refuted (which must be 0).
"""

import tempfile
import time
from pathlib import Path

import pytest

from ofitec.ledger import backups
from ofitec.settings import settings
from tests.bench.backup_bench import PASSWORD, _job
from tests.ofitec.backup import odoo_like, storages
from tests.ofitec.backup.cluster import Cluster
from tests.ofitec.backup.nights import back_up
from tests.ofitec.backup.proofs import outcome
from tests.ofitec.backup.restic_files import cheapen
from tests.ofitec.backup.s3_server import moto_server


def run() -> dict[str, float]:
    """Run it; prints a line a fault, returns the counts."""
    cluster = Cluster()
    with tempfile.TemporaryDirectory(prefix="ofitec-faults-", dir="/var/tmp") as name, moto_server() as port:
        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("OFITEC_PG_BIN", str(cluster.bin))
                settings.cache_clear()
                cluster.start()
                return _faults(cluster, Path(name), port, patch)
        finally:
            cluster.stop()


def _faults(cluster: Cluster, folder: Path, port: int, patch: pytest.MonkeyPatch) -> dict[str, float]:
    job = _job(cluster, folder)
    with job.database.connect() as link:
        odoo_like.fill(link, job.filestore)
    job.restic.init()
    cheapen(Path(job.restic.repository), PASSWORD)
    key = back_up(job)
    storages.upload(Path(job.restic.repository), port)
    place = storages.Place(job, port, folder, patch)
    said = {}
    for name, fault in storages.FAULTS.items():
        start = time.monotonic()
        said[name] = outcome(place, fault, key, read_data="the list" in name)
        words = str(backups.proofs(job.ledger, key)[-1].findings[:1])[:140]
        print(f"  {said[name]:<8} {time.monotonic() - start:4.1f} s  {name:<42} {words}", flush=True)
    refuted = list(said.values()).count(backups.REFUTED)
    print(
        f"{len(said)} faults: {refuted} refuted the good backup, {list(said.values()).count(backups.PASSED)} unnoticed"
    )
    return {"storage_faults": len(said), "storage_faults_refuted": refuted}
