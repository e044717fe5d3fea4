"""The client of pgBackRest: its configuration, what it tells, what its errors mean. No service."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ofitec.clients import pgbackrest_errors as errors
from ofitec.clients.pgbackrest import Cluster, Pgbackrest
from ofitec.clients.pgbackrest_records import info_of, listed
from ofitec.clients.restic_errors import CopyDiskFull
from ofitec.errors import InputError
from ofitec.process import Finished

PHRASE = "una frase larga con = y #"
S3 = {"type": "s3", "path": "/odoo", "s3-bucket": "wal", "s3-key": "AKIA", "s3-key-secret": "escondido"}
CLUSTER = Cluster(Path("/srv/pg"), 5433, "/run/pg")

# as pgBackRest 2.45 gave it
INFO: dict[str, Any] = {
    "archive": [
        {"database": {"id": 1, "repo-key": 1}, "id": "15-1", "max": "00000001000000000000000A", "min": "0" * 24},
        {"database": {"id": 2, "repo-key": 1}, "id": "16-2", "max": "000000010000000000000005", "min": "0" * 24},
    ],
    "backup": [
        {
            "archive": {"start": "000000010000000000000002", "stop": "000000010000000000000003"},
            "database": {"id": 2, "repo-key": 1},
            "error": False,
            "info": {"delta": 22992620, "repository": {"delta": 3061200, "size": 3061200}, "size": 22992620},
            "label": "20261127-231633F",
            "timestamp": {"start": 1795821393, "stop": 1795821398},
            "type": "full",
        }
    ],
    "db": [
        {"id": 1, "repo-key": 1, "system-id": 7712994133962894585, "version": "15"},
        {"id": 2, "repo-key": 1, "system-id": 7712994133962899999, "version": "16"},
    ],
    "name": "odoo",
    "repo": [{"cipher": "aes-256-cbc", "key": 1, "status": {"code": 0, "message": "ok"}}],
    "status": {"code": 0, "lock": {"backup": {"held": False}}, "message": "ok"},
}


def test_the_configuration_of_the_databases_machine() -> None:
    text = Pgbackrest(S3, PHRASE, days=10).configuration(cluster=CLUSTER)
    assert text == (
        "[global]\nrepo1-type=s3\nrepo1-path=/odoo\nrepo1-s3-bucket=wal\nrepo1-s3-key=AKIA\n"
        f"repo1-s3-key-secret=escondido\nrepo1-cipher-type=aes-256-cbc\nrepo1-cipher-pass={PHRASE}\nrepo1-bundle=y\n"
        "repo1-retention-full-type=time\nrepo1-retention-full=10\ncompress-type=zst\nstart-fast=y\nprocess-max=2\n"
        "archive-async=y\n\n[odoo]\npg1-path=/srv/pg\npg1-port=5433\npg1-user=postgres\npg1-socket-path=/run/pg\n"
    )


def test_a_worker_that_only_reads_pushes_nothing() -> None:
    text = Pgbackrest({"path": "/r"}, PHRASE).configuration(folder="/w")
    assert "archive-async" not in text
    assert "pg1-" not in text
    assert "spool-path=/w/spool\nlock-path=/w/lock\nlog-path=/w/log" in text


@pytest.mark.parametrize(
    "repository", [{"path": "/r\nrepo1-cipher-type=none"}, {"path": "/r", "s3 bucket": "x"}, {"path": ""}]
)
def test_what_would_be_another_option_is_refused(repository: dict[str, str]) -> None:
    with pytest.raises(InputError, match="wrong name, no value, or more than one line"):
        Pgbackrest(repository, PHRASE).configuration()
    with pytest.raises(InputError, match="more than one line"):
        Pgbackrest({"path": "/r"}, f"{PHRASE}\n[other]").configuration()


def test_no_secret_shows() -> None:
    shown = repr(Pgbackrest(S3, PHRASE)) + Pgbackrest(S3, PHRASE).where
    assert PHRASE not in shown
    assert "escondido" not in shown
    assert Pgbackrest(S3, PHRASE).where == "s3:wal/odoo"


def test_the_configurations_file_is_ours_only_and_goes(tmp_path: Path) -> None:
    with Pgbackrest(S3, PHRASE).configured(tmp_path) as path:
        assert path.stat().st_mode & 0o777 == 0o600
        assert PHRASE in path.read_text()
    assert not path.exists()


def test_what_a_repository_holds() -> None:
    info = info_of(json.dumps([INFO]), "/r")
    assert (info.system_id, info.archive, info.version) == (7712994133962899999, "16-2", "16")
    [base] = info.bases
    assert (base.label, base.kind, base.archive) == ("20261127-231633F", "full", "16-2")
    assert base.stopped_at == datetime.fromtimestamp(1795821398, UTC)


def test_a_base_backup_with_errors_or_without_its_archive_does_not_count() -> None:
    damaged = {**INFO["backup"][0], "error": True}
    assert info_of(json.dumps([{**INFO, "backup": [damaged]}]), "/r").bases == ()
    assert info_of(json.dumps([{**INFO, "archive": INFO["archive"][:1]}]), "/r").bases == ()


@pytest.mark.parametrize(
    ("about", "kind"),
    [
        ([], errors.ArchiveEmpty),
        ([{"status": {"code": 1, "message": "missing stanza path"}, "name": "odoo"}], errors.ArchiveEmpty),
        ([{"status": {"code": 99, "message": "other"}, "repo": [
            {"status": {"code": 99, "message": "[CryptoError] unable to load info file '/r/archive/odoo/archive.info'"}}
        ]}], errors.ArchiveKeyWrong),
        ([{"status": {"code": 99, "message": "other"}, "repo": [
            {"status": {"code": 99, "message": "[FormatError] unable to load info file '/r/i': at line 1: \x0fq"}}
        ]}], errors.ArchiveKeyWrong),
        ([{"status": {"code": 99, "message": "other"}, "repo": [
            {"status": {"code": 99, "message": "[HostConnectError] unable to connect"}}
        ]}], errors.ArchiveAway),
    ],
)  # fmt: skip
def test_a_repository_that_says_what_is_wrong_with_it(about: list[dict[str, Any]], kind: type[Exception]) -> None:
    # pgBackRest writes control characters as they are
    with pytest.raises(kind) as error:
        info_of(json.dumps(about).replace("\\u000f", "\x0f"), "/r")
    assert str(error.value).isprintable()


def test_the_segments_of_each_archive_and_nothing_else() -> None:
    prefix, digest = "15-1/0000000100000000/00000001000000000000000", "107c6dea7c1406d5e20c285f894d047f16b7054a"
    told = {
        ".": {"type": "path"},
        f"{prefix}1-{digest}.zst": {"type": "file", "size": 1396768, "time": 1795821394},
        f"{prefix}2-{digest}": {"type": "file", "size": 1396768, "time": 1795821395},
        f"{prefix}2.00000028.backup": {"type": "file", "size": 400, "time": 1795821398},
        f"{prefix}3-{digest}.zst.pgbackrest.tmp": {"type": "file", "size": 4, "time": 1795821398},
        "15-1/00000002.history": {"type": "file", "size": 4, "time": 1795821398},
        "archive.info": {"type": "file", "size": 368, "time": 1795821399},
    }
    found = listed(json.dumps(told))
    assert {archive: sorted(names) for archive, names in found.items()} == {
        "15-1": ["000000010000000000000001", "000000010000000000000002"]
    }
    assert listed("") == {}


@pytest.mark.parametrize(
    ("code", "said", "kind"),
    [
        (39, "unable to write '/r/x': [28] No space left on device", errors.ArchiveFull),
        (95, "unable to load info file", errors.ArchiveKeyWrong),
        (50, "unable to acquire lock on file '/tmp/x.lock'", errors.ArchiveBusy),
        (55, "unable to load info file '/r/archive/odoo/archive.info'", errors.ArchiveAway),
        (49, "unable to connect to 's3.example:443': [111] Connection refused", errors.ArchiveAway),
        (51, "PostgreSQL version 16, system-id 1 do not match stanza version 15", errors.ArchiveOfOther),
        (87, "archive_mode must be enabled", errors.BaseNotMade),
        (82, "WAL segment 000000010000000000000004 was not archived before the 60000ms timeout", errors.BaseNotMade),
        (39, "HTTP request failed with 403 (Forbidden): AccessDenied", errors.ArchiveRefused),
        (25, "assertion failed", errors.PgbackrestFailed),
    ],
)
def test_what_failed_is_told_with_its_own_words(code: int, said: str, kind: type[Exception]) -> None:
    stderr = f"2026-11-27 23:16:33.123 P00  ERROR: [{code:03d}]: {said}\n            HINT: look there."
    error = errors.error_of("info", "/r", Finished("pgbackrest", code, "", stderr, 1.0))
    assert type(error) is kind
    assert str(error).startswith(f"pgbackrest info on /r failed with exit {code}: {said}")


def test_a_full_disk_of_ours_is_not_the_archives() -> None:
    said = "P00  ERROR: [041]: unable to write '/work/recovered-1/data/base/5/1': [28] No space left on device"
    assert type(errors.error_of("restore", "/r", Finished("pgbackrest", 41, "", said, 1.0))) is CopyDiskFull
    assert type(errors.error_of("backup", "/r", Finished("pgbackrest", 41, "", said, 1.0))) is errors.ArchiveFull


@pytest.mark.parametrize(("path", "ours"), [("/r/archive/odoo/archive.info", True), ("/x", False)])
def test_what_our_user_may_not_read_is_the_archives_only_where_it_lies(path: str, ours: bool) -> None:
    said = f"P00  ERROR: [041]: unable to open file '{path}' for read: [13] Permission denied"
    found = errors.error_of("info", "/r", Finished("pgbackrest", 41, "", said, 1.0))
    assert isinstance(found, errors.ArchiveRefused) == ours
