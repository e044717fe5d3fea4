"""Ways in which a storage, or something else that a proof needs, fails around one good backup; `storages` names each.

A fault is a function that gives the job as it is while the fault lasts. The good repository and its copy in the S3
server stay as they are: what fails is the way to them.
"""

import dataclasses
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest

from ofitec.backup.job import Job
from ofitec.clients.restic import Limits
from ofitec.settings import settings
from tests.ofitec.backup.storage_server import http
from tests.ofitec.backup.tcp_proxy import TcpProxy

# far below the settings' defaults: a storage that does not answer is given up in seconds
QUICK = Limits(whole=6, opening=2.5, stall=2, grace=0.2)
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAPRUEBA", "AWS_SECRET_ACCESS_KEY": "secreto/de+s3"}
BUCKET = "respaldos-buenos"


@dataclasses.dataclass(frozen=True)
class Place:
    """Around what faults are done: a job with one good backup, and the port of an S3 server with a copy of it."""

    job: Job
    s3: int
    folder: Path
    patch: pytest.MonkeyPatch
    bucket: str = BUCKET

    def at(self, address: str, *, secrets: dict[str, str] | None = None, **env: str) -> Job:
        """The job with its repository reached by another address."""
        good = self.job.restic
        every = {**good.secrets, **KEYS, **(secrets or {})}
        restic = dataclasses.replace(good, repository=address, limits=QUICK, secrets=every, env={**good.env, **env})
        return dataclasses.replace(self.job, restic=restic, pruner=restic)

    def in_s3(self, port: int) -> Job:
        return self.at(f"s3:http://127.0.0.1:{port}/{self.bucket}")


Fault = Callable[[Place], AbstractContextManager[Job]]


def upload(repository: Path, port: int, bucket: str = BUCKET) -> None:
    """Copy a repository in a folder into the S3 server."""
    s3 = boto3.client(
        "s3", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1",
        aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"], aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
    )  # fmt: skip
    s3.create_bucket(Bucket=bucket)
    for path in repository.rglob("*"):
        if path.is_file():
            s3.put_object(Bucket=bucket, Key=str(path.relative_to(repository)), Body=path.read_bytes())


def s3_says(status: int, code: str, message: str = "", *, when: Callable[[str, str], bool] | None = None) -> Fault:
    """The S3 server answers with an error, to all requests or to some."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message or code}</Message></Error>"

    @contextmanager
    def fault(place: Place) -> Iterator[Job]:
        with http(lambda m, p: (status, body) if when is None or when(m, p) else None, place.s3) as port:
            yield place.in_s3(port)

    return fault


def packs(method: str, path: str) -> bool:
    """A pack is read."""
    return method == "GET" and "/data/" in path and "list-type" not in path


def pack_list(method: str, path: str) -> bool:
    """The packs are listed, and it is not the first time in that listing's folder."""
    return method == "GET" and "list-type" in path and "data%2F" in path


def snapshot_read(method: str, path: str) -> bool:
    return method == "GET" and "/snapshots/" in path


def index_read(method: str, path: str) -> bool:
    return method == "GET" and "/index/" in path


@contextmanager
def s3_cut(place: Place) -> Iterator[Job]:
    with http(lambda m, p: (-1, "") if packs(m, p) else None, place.s3) as port:
        yield place.in_s3(port)


def s3_network(fault: str, after: int) -> Fault:
    @contextmanager
    def failing(place: Place) -> Iterator[Job]:
        proxy = TcpProxy(place.s3, fault=fault, after=after)
        try:
            yield place.in_s3(proxy.port)
        finally:
            proxy.close()

    return failing


@contextmanager
def s3_untrusted(place: Place) -> Iterator[Job]:
    with http(lambda m, p: (200, ""), tls=place.folder) as port:
        yield place.at(f"s3:https://127.0.0.1:{port}/{place.bucket}")


@contextmanager
def s3_not_tls(place: Place) -> Iterator[Job]:
    yield place.at(f"s3:https://127.0.0.1:{place.s3}/{place.bucket}")


def rest_says(status: int) -> Fault:
    @contextmanager
    def fault(place: Place) -> Iterator[Job]:
        with http(lambda m, p: (status, "no")) as port:
            yield place.at(f"rest:http://u:clave@127.0.0.1:{port}/")

    return fault


def address(url: str, *, secrets: dict[str, str] | None = None, **env: str) -> Fault:
    """An address behind which nothing good is."""

    @contextmanager
    def fault(place: Place) -> Iterator[Job]:
        yield place.at(url, secrets=secrets, **env)

    return fault


@contextmanager
def moved_away(place: Place) -> Iterator[Job]:
    yield place.at(str(place.folder / "not-mounted"))


@contextmanager
def empty_folder(place: Place) -> Iterator[Job]:
    folder = place.folder / "mount-point"
    folder.mkdir(exist_ok=True)
    yield place.at(str(folder))


@contextmanager
def keys_gone(place: Place) -> Iterator[Job]:
    shutil.copytree(place.job.restic.repository, place.folder / "keyless", dirs_exist_ok=True)
    for key in (place.folder / "keyless" / "keys").iterdir():
        key.unlink()
    yield place.at(str(place.folder / "keyless"))


@contextmanager
def wrong_password(place: Place) -> Iterator[Job]:
    yield place.at(place.job.restic.repository, secrets={"RESTIC_PASSWORD": "otra"})


def restic_is(script: str) -> Fault:
    """Another program in restic's place; the real one is $REAL."""

    @contextmanager
    def fault(place: Place) -> Iterator[Job]:
        program = place.folder / "restic"
        program.write_text(f"#!/bin/sh\nREAL={place.job.restic.binary}\n{script}\n")
        program.chmod(0o755)
        restic = dataclasses.replace(place.job.restic, binary=str(program), limits=QUICK)
        yield dataclasses.replace(place.job, restic=restic, pruner=restic)

    return fault


def pg_restore_is(script: str) -> Fault:
    """Another program in pg_restore's place; the real one is $REAL."""

    @contextmanager
    def fault(place: Place) -> Iterator[Job]:
        real, folder = Path(settings().pg_bin), place.folder / "pg_bin"
        folder.mkdir(exist_ok=True)
        (folder / "pg_restore").unlink(missing_ok=True)
        if script:
            (folder / "pg_restore").write_text(f"#!/bin/sh\nREAL={real}/pg_restore\n{script}\n")
            (folder / "pg_restore").chmod(0o755)
        with place.patch.context() as patch:
            patch.setenv("OFITEC_PG_BIN", str(folder))
            settings.cache_clear()
            yield place.job
        settings.cache_clear()

    return fault


def job_with(**changes: Any) -> Fault:
    @contextmanager
    def fault(place: Place) -> Iterator[Job]:
        yield dataclasses.replace(place.job, **changes)

    return fault


@contextmanager
def no_server_for_the_copy(place: Place) -> Iterator[Job]:
    yield dataclasses.replace(place.job, scratch=dataclasses.replace(place.job.scratch, port=1))


@contextmanager
def copy_server_refuses(place: Place) -> Iterator[Job]:
    yield dataclasses.replace(place.job, scratch=dataclasses.replace(place.job.scratch, password="otra"))


@contextmanager
def small_work_disk(place: Place) -> Iterator[Job]:
    """It has room for a proof's first file, so that only restic finds it full."""
    disk = place.folder / "small"
    disk.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", disk], check=True)
    try:
        with place.patch.context() as patch:
            patch.setattr("ofitec.backup.retrieval._SPARE", 0.0)
            yield dataclasses.replace(place.job, work=disk)
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


@contextmanager
def no_restic(place: Place) -> Iterator[Job]:
    restic = dataclasses.replace(place.job.restic, binary="/no/existe/restic")
    yield dataclasses.replace(place.job, restic=restic, pruner=restic)
