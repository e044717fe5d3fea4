"""`airflow ofitec archive-config`, run as continuous.md calls it: it writes what PostgreSQL's machine needs."""

import argparse
import json
import shlex
from pathlib import Path

import pytest

from dev.stack.machine.paths import ROOT
from ofitec.package.command_line import get_commands
from ofitec.settings import settings
from tests.docs.blocks import blocks

PHRASE = "una frase larga y secreta"


def test_the_pages_command_writes_a_configuration_that_others_cannot_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    [command] = [b.text for b in blocks(ROOT / "docs" / "continuous.md") if "archive-config" in b.text]
    airflow, group, name, *options = shlex.split(command)
    [ofitec] = get_commands()
    assert (airflow, group) == ("airflow", ofitec.name)
    [found] = [each for each in ofitec.subcommands if each.name == name]  # type: ignore[union-attr]
    parser = argparse.ArgumentParser()
    for argument in found.args:
        argument.add_to_parser(parser)
    conn = {"conn_type": "generic", "host": "/srv/wal", "password": PHRASE}
    monkeypatch.setenv("AIRFLOW_CONN_PGBACKREST_DEFAULT", json.dumps(conn))
    monkeypatch.chdir(tmp_path)
    settings.cache_clear()
    found.func(parser.parse_args(options))
    written = tmp_path / "pgbackrest.conf"
    assert written.stat().st_mode & 0o777 == 0o600
    for line in ("repo1-path=/srv/wal", f"repo1-cipher-pass={PHRASE}", "pg1-path=/var/lib/postgresql/15/main"):
        assert line in written.read_text().splitlines()
    assert PHRASE not in capsys.readouterr().out
    # what is wrong with the connection is said, and nothing is written
    written.unlink()
    monkeypatch.setenv("AIRFLOW_CONN_PGBACKREST_DEFAULT", json.dumps({**conn, "password": "corta"}))
    with pytest.raises(SystemExit, match="20 characters or more"):
        found.func(parser.parse_args(options))
    assert not written.exists()
