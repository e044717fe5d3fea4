"""The commands of docs/disaster-recovery.md and of secrets_rotate.md's *By hand*, run as they stand there, without this
package and its ledger.
"""

import json
import os
import subprocess
from pathlib import Path

from ofitec.backup.job import Job
from tests.docs.blocks import ROOT, blocks, inline
from tests.ofitec.backup.cluster import ODOO, Cluster
from tests.ofitec.backup.conftest import PASSWORD
from tests.ofitec.backup.nights import back_up

DOC = ROOT / "docs" / "disaster-recovery.md"
RUNBOOK = ROOT / "docs" / "runbooks" / "secrets_rotate.md"


def test_restore_by_hand_in_five_commands(job: Job, cluster: Cluster, tmp_path: Path) -> None:
    [script] = [block.text for block in blocks(DOC) if block.language == "sh"]
    assert len(script.splitlines()) == 5
    [manifest] = [code.text for code in inline(DOC) if code.text.startswith("restic dump")]
    wanted = back_up(job)
    with job.database.connect() as conn:
        conn.execute("DELETE FROM account_move_line")
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
            ["bash", "-euo", "pipefail", "-c", f"{script}\n{manifest}"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert f"run={wanted}" in done.stdout
        assert json.loads(done.stdout[done.stdout.index("\n{") :])["key"] == wanted
        with job.database.on(target).connect() as conn:
            assert conn.execute("SELECT count(*) FROM account_move_line").fetchone() == (20000,)
        restored = tmp_path / "vuelta" / "filestore" / target
        for path in job.filestore.rglob("*"):
            if path.is_file():
                assert (restored / path.relative_to(job.filestore)).read_bytes() == path.read_bytes()
    finally:
        cluster.drop(target)


def test_a_password_is_changed_by_hand(repository: Path, restic_binary: str, tmp_path: Path) -> None:
    [block] = blocks(RUNBOOK)
    env = {
        "PATH": f"{Path(restic_binary).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "RESTIC_REPOSITORY": str(repository),
        "RESTIC_PASSWORD": PASSWORD,
    }

    def key() -> str:
        """The id of the key that the password in `env` opens."""
        argv = ["restic", "key", "list", "--json"]
        listed = json.loads(subprocess.run(argv, env=env, check=True, capture_output=True).stdout)
        return str(next(row["id"] for row in listed if row["current"]))

    (tmp_path / "new").write_text("otra frase, más larga")
    script = block.text.replace("OLD_ID", key())
    subprocess.run(["bash", "-euc", script], env=env, cwd=tmp_path, check=True, capture_output=True)
    argv = ["restic", "cat", "config"]
    assert subprocess.run(argv, env=env, capture_output=True, check=False).returncode == 12  # opens no key
    env["RESTIC_PASSWORD"] = "otra frase, más larga"
    assert key()
