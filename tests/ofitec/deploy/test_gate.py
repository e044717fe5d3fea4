"""Airflow's key on Odoo's host: over a real sshd it runs the host program's verbs, and nothing else."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.stack.machine.paths import ROOT
from ofitec.clients.ssh import Host
from ofitec.deploy import bundle
from ofitec.deploy.remote import Remote, VerbFailed
from ofitec.doctor import deploys
from ofitec.errors import InputError, PermanentError
from ofitec.settings import settings
from tests.ofitec.deploy.loopback_sshd import Sshd


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installation")
    (folder / "docker-compose.yml").touch()
    (folder / "secrets").mkdir()
    (folder / "secrets" / "odoo_admin_password").write_text("s3cr3t-word")
    return folder


@pytest.fixture(scope="module")
def sshd(installation: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    # as authorized_keys has it, but for where the tests' Python and clone are
    command = f"PYTHONPATH={ROOT}/include {sys.executable} -m ofitec.deploy.gate --home {installation}"
    made = Sshd(tmp_path_factory.mktemp("sshd"), command)
    with made.running():
        yield made


@pytest.fixture
def host(sshd: Sshd, installation: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    extra = {"host_key": sshd.host_key, "private_key": sshd.private}
    connection = {"conn_type": "ssh", "host": "127.0.0.1", "port": sshd.port, "login": sshd.login, "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_ODOO_HOST", json.dumps(connection))
    monkeypatch.setenv("OFITEC_HOST_HOME", str(installation))
    settings.cache_clear()
    yield Host.from_connection()
    settings.cache_clear()


def test_airflow_runs_its_verbs(host: Host, installation: Path) -> None:
    remote = Remote(host, str(installation))
    status = remote.verb("status")
    assert status["lock"] is None
    assert status["journal"] is None
    with pytest.raises(VerbFailed, match="does not hold the lock"):
        remote.verb("apply", "--run=20261127000000abcdef")
    # of the host's own making
    [program] = (installation / "state" / "bin").iterdir()
    assert program.read_bytes() == bundle.build()


def test_the_doctor_signs_in_as_well(host: Host, installation: Path) -> None:
    try:
        said = deploys.host_answers()
    except PermanentError as error:  # a machine without docker
        said = str(error)
    assert f"{installation} is ours" in said or "The host has no docker" in said


@pytest.mark.parametrize(
    "asked",
    [
        "id",
        "sh",
        "cat {home}/secrets/odoo_admin_password",
        "sh -c id",
        "sh -c 'cat {home}/secrets/odoo_admin_password' put {program} 1",
        "python3 -c 'import os; os.system(\"id\")'",
        "python3 {program} --home / status",
        "python3 {program} --home {home} secrets",
        "python3 {program} --home {home} init --image x",
        "python3 {program} --home {home} up",
        "python3 {program} --home {home} supervise apply",
        "python3 {program} --home {home} prune",
        "python3 {program} --home {home} recover --keep-new",
        "python3 {program} --home {home} recover --discard-writes-since=2026-01-01T00:00:00+00:00",
        "python3 {program} --home {home} status; id",
        "python3 {program} --home {home} status $(id)",
        "python3 /tmp/other.pyz --home {home} status",
        "test -w /etc",
        "docker run --privileged x",
        "scp -t /tmp",
        "'",
    ],
)
def test_whatever_else_is_asked_is_refused(sshd: Sshd, installation: Path, asked: str) -> None:
    program = f"{installation}/state/bin/{bundle.name(bundle.build())}"
    done = sshd.ssh(asked.format(home=installation, program=program))
    said = done.stdout.decode() + done.stderr.decode()
    assert "uid=" not in said
    assert "s3cr3t-word" not in said
    assert "usage" not in said
    if " put " in asked:  # it is the program that is there: nothing is read and nothing done
        assert done.returncode == 0
        assert done.stdout == b""
        return
    assert done.returncode == 1, said
    assert "This key" in said or "this host has" in said


def test_there_is_no_shell_no_file_transfer_and_no_way_through(sshd: Sshd) -> None:
    shell = sshd.ssh(options=("-T",), stdin=b"id\n")
    assert b"uid=" not in shell.stdout
    assert b"opens no shell" in shell.stderr
    transfer = sshd.ssh("sftp", options=("-s",))
    assert transfer.returncode != 0
    through = sshd.ssh(options=("-W", "127.0.0.1:22"))
    assert b"prohibited" in through.stderr


def test_a_program_of_another_release_is_refused_and_says_what_to_do(
    host: Host, installation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = bundle.build() + b"\n"
    monkeypatch.setattr(bundle, "build", lambda: other)
    with pytest.raises((VerbFailed, InputError), match="Bring the clone on the host to the release"):
        Remote(host, str(installation)).verb("status")


def test_what_the_documentation_says_is_the_line_that_is_tested() -> None:
    line = 'restrict,command="PYTHONPATH=/opt/ofitec/include python3 -m ofitec.deploy.gate --home /opt/ofitec"'
    assert line in (ROOT / "docs" / "operations.md").read_text()
