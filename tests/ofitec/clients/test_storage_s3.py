"""The same promise on S3: whole or not at all, whichever request is refused."""

import json
import time
import uuid
from collections.abc import Iterator

import pytest

from dev.stack.services.s3 import S3
from ofitec.clients.storage import Storage, StorageFailed
from tests.ofitec.clients.faulty_proxy import FaultyProxy, proxy_before

NEW = {"F29.csv": b"new csv", "F29.json": b"new json", "F29.xml": b"new xml", "manifest.json": b"new manifest"}
OLD = {"F29.csv": b"old csv", "F29.json": b"old json", "F29.xml": b"old xml", "manifest.json": b"old manifest"}
BUCKET = "storage-tests"


@pytest.fixture(scope="module")
def proxy(s3: S3) -> Iterator[FaultyProxy]:
    s3.client().create_bucket(Bucket=BUCKET)
    with proxy_before(s3.url) as running:
        yield running


@pytest.fixture
def folder() -> str:
    return f"f29/{uuid.uuid4().hex[:8]}"


@pytest.fixture
def storage(proxy: FaultyProxy, s3: S3, monkeypatch: pytest.MonkeyPatch) -> Storage:
    conn = f"s3_{uuid.uuid4().hex[:8]}"
    keys = {"login": s3.credentials.s3_access_key, "password": s3.credentials.s3_secret_key}
    extra = {"endpoint_url": proxy.url, "region_name": "us-east-1"}
    monkeypatch.setenv(f"AIRFLOW_CONN_{conn.upper()}", json.dumps({"conn_type": "aws", **keys, "extra": extra}))
    proxy.allow()
    return Storage.from_url(f"s3://{conn}@{BUCKET}/root")


def test_a_bucket_that_is_not_there_is_no_empty_folder(
    s3: S3, proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {"login": s3.credentials.s3_access_key, "password": s3.credentials.s3_secret_key}
    extra = {"endpoint_url": proxy.url, "region_name": "us-east-1"}
    monkeypatch.setenv("AIRFLOW_CONN_S3_NOWHERE", json.dumps({"conn_type": "aws", **keys, "extra": extra}))
    proxy.allow()
    nowhere = Storage.from_url("s3://s3_nowhere@no-such-bucket/root")
    for look in (lambda: nowhere.folders("rcv"), lambda: nowhere.files("rcv/x"), lambda: nowhere.read("a.csv")):
        with pytest.raises(StorageFailed, match="s3://no-such-bucket/root cannot be read: its bucket does not exist"):
            look()


def stored(s3: S3, folder: str) -> dict[str, bytes]:
    client, prefix = s3.client(), f"root/{folder}/"
    return {
        key.removeprefix(prefix): client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        for key in s3.keys(BUCKET, prefix)
    }


def test_written_read_and_replaced(storage: Storage, s3: S3, folder: str) -> None:
    assert storage.read(f"{folder}/manifest.json") is None
    storage.replace(folder, OLD, last="manifest.json")
    storage.replace(folder, NEW, last="manifest.json")
    assert stored(s3, folder) == NEW
    assert storage.read(f"{folder}/F29.csv") == b"new csv"
    assert storage.url == f"s3://{BUCKET}/root"


def test_no_request_more_than_it_takes(storage: Storage, s3: S3, proxy: FaultyProxy, folder: str) -> None:
    """Four files staged, copied (s3fs asks for the size before) and cleared; before that a look at what is there."""
    before = proxy.requests
    storage.replace(folder, NEW, last="manifest.json")
    assert proxy.requests - before <= 4 + 2 * 4 + 7
    assert stored(s3, folder) == NEW


def test_listed(storage: Storage, folder: str) -> None:
    assert storage.folders(folder) == storage.files(folder) == []
    for name in ("b.csv", "a.csv"):
        storage.replace(f"{folder}/2026-08", {name: b"x"}, last=name)
        time.sleep(1.1)  # S3 tells whole seconds
    assert storage.folders(folder) == ["2026-08"]
    assert storage.files(f"{folder}/2026-08") == ["b.csv", "a.csv"]


@pytest.mark.drill
@pytest.mark.parametrize("before", [{}, OLD], ids=["first delivery", "second delivery"])
def test_each_single_refused_request_leaves_what_was_there(
    storage: Storage, s3: S3, proxy: FaultyProxy, folder: str, before: dict[str, bytes]
) -> None:
    proxy.refuse_from(10**9)
    storage.replace(f"{folder}/probe", NEW, last="manifest.json")
    failed = 0
    for n in range(1, proxy.writes + 1):
        where = f"{folder}/{n}"
        if before:
            storage.replace(where, before, last="manifest.json")
        proxy.refuse_only(n)
        try:
            storage.replace(where, NEW, last="manifest.json")
        except StorageFailed as error:
            failed += 1
            assert "nothing was delivered" in str(error)
            proxy.allow()
            assert stored(s3, where) == before, f"refused request {n}"
            storage.replace(where, NEW, last="manifest.json")
        proxy.allow()
        assert stored(s3, where) == NEW, f"refused request {n}"
    assert failed >= 8


def test_a_storage_that_dies_half_way_never_shows_a_new_manifest_and_the_next_run_mends_it(
    storage: Storage, s3: S3, proxy: FaultyProxy, folder: str
) -> None:
    for n in range(1, 9):
        where = f"{folder}/{n}"
        storage.replace(where, OLD, last="manifest.json")
        proxy.refuse_from(n)
        with pytest.raises(StorageFailed):
            storage.replace(where, NEW, last="manifest.json")
        proxy.allow()
        assert stored(s3, where)["manifest.json"] == b"old manifest"
        storage.replace(where, NEW, last="manifest.json")
        assert stored(s3, where) == NEW


def test_a_refused_connection_is_a_storage_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    extra = {
        "endpoint_url": "http://127.0.0.1:1",
        "region_name": "us-east-1",
        "config_kwargs": {"retries": {"max_attempts": 1}},
    }
    conn = {"conn_type": "aws", "login": "key", "password": "not-shown-secret", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_S3_GONE", json.dumps(conn))
    with pytest.raises(StorageFailed, match="Nothing was changed") as refused:
        Storage.from_url(f"s3://s3_gone@{BUCKET}/root").read("manifest.json")
    assert "not-shown-secret" not in str(refused.value)
