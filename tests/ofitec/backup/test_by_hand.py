"""The commands of docs/disaster-recovery.md, run as they stand there, without this package and its ledger."""

import os
import re
import subprocess
from pathlib import Path

from ofitec.backup.job import Job
from tests.ofitec.backup.cluster import ODOO, Cluster
from tests.ofitec.backup.conftest import PASSWORD
from tests.ofitec.backup.test_nightly import back_up

DOC = Path(__file__).parents[3] / "docs" / "disaster-recovery.md"


def test_restore_by_hand_in_five_commands(job: Job, cluster: Cluster, tmp_path: Path) -> None:
    (script,) = re.findall(r"```bash\n(.*?)```", DOC.read_text(), re.DOTALL)
    assert len(script.strip().splitlines()) == 5
    wanted = back_up(job)
    with job.database.connect() as link:
        link.execute("DELETE FROM account_move_line")
    back_up(job)  # a younger one that must not be taken
    target = f"{job.database.name}_mano"
    restic = str(Path(job.restic.binary).parent)
    environment = {
        "PATH": f"{restic}:{cluster.bin}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "RESTIC_REPOSITORY": job.restic.repository,
        "RESTIC_PASSWORD": PASSWORD,
        "PGHOST": "127.0.0.1",
        "PGPORT": str(cluster.port),
        "PGUSER": "odoo",
        "PGPASSWORD": ODOO,
        "DB": target,
        "PLACE": str(tmp_path / "vuelta"),
        "FILESTORE": str(job.filestore),
        "KEY": wanted,
    }
    try:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert f"run={wanted}" in done.stdout
        with job.database.on(target).connect() as link:
            assert link.execute("SELECT count(*) FROM account_move_line").fetchone() == (20000,)
        restored = tmp_path / "vuelta" / "filestore" / target
        for path in job.filestore.rglob("*"):
            if path.is_file():
                assert (restored / path.relative_to(job.filestore)).read_bytes() == path.read_bytes()
    finally:
        cluster.drop(target)
