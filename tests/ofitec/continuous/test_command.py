"""`airflow ofitec archive-config`, run as continuous.md calls it: it writes what PostgreSQL's machine needs."""

import os
import subprocess
import sys
from pathlib import Path

from dev.stack.machine.paths import ROOT
from tests.docs.blocks import blocks

PHRASE = "una frase larga y secreta"


def test_the_pages_command_writes_a_configuration_that_others_cannot_read(tmp_path: Path) -> None:
    [command] = [b.text for b in blocks(ROOT / "docs" / "continuous.md") if "archive-config" in b.text]
    airflow = f"{sys.executable} -m airflow"
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT / "include"),
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW_CONN_PGBACKREST_DEFAULT": f'{{"conn_type": "generic", "host": "/srv/wal", "password": "{PHRASE}"}}',
        "_AIRFLOW_PROCESS_CONTEXT": "server",
    }
    shell = command.replace("airflow ", f"{airflow} ", 1)
    done = subprocess.run(["bash", "-c", shell], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    written = tmp_path / "pgbackrest.conf"
    assert written.stat().st_mode & 0o777 == 0o600
    for line in ("repo1-path=/srv/wal", f"repo1-cipher-pass={PHRASE}", "pg1-path=/var/lib/postgresql/15/main"):
        assert line in written.read_text().splitlines()
    assert PHRASE not in done.stdout + done.stderr
