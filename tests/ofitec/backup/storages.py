"""Storages that fail: each fault is provoked for real, by a real restic, around one good backup.

A fault is a function that gives the job as it is while the fault lasts. The good repository and its copy in the S3
server stay as they are: what fails is the way to them, or something else that a proof needs. Debian's restic is built
without Azure, whose words are in `storage_words` only.
"""

import dataclasses
import datetime as dt
import ipaddress
import os
import shutil
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from ofitec.backup.job import Job
from ofitec.clients.restic import Limits
from ofitec.settings import settings
from tests.ofitec.backup.tcp_proxy import TcpProxy

# far below the settings' defaults: a storage that does not answer is given up in seconds
QUICK = Limits(whole=6, opening=2.5, stall=2, grace=0.2)
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAPRUEBA", "AWS_SECRET_ACCESS_KEY": "secreto/de+s3"}
BUCKET = "respaldos-buenos"

# status and body instead of the server's answer; a negative status cuts the server's answer short
Answer = tuple[int, str] | None
Rule = Callable[[str, str], Answer]


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


@contextmanager
def http(rule: Rule, upstream: int | None = None, tls: Path | None = None) -> Iterator[int]:
    """A server that answers by the rule, else as the one upstream; gives its port.

    :param tls: a folder for a certificate that nobody trusts
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            reply = rule(self.command, self.path)
            if reply and reply[0] > 0:
                self.answer(reply[0], {"Content-Type": "application/xml"}, reply[1].encode())
                return
            assert upstream is not None
            conn = HTTPConnection("127.0.0.1", upstream, timeout=20)
            conn.request(self.command, self.path, body, dict(self.headers))
            response = conn.getresponse()
            self.answer(response.status, dict(response.getheaders()), response.read(), cut=bool(reply))
            conn.close()

        def answer(self, status: int, headers: dict[str, str], body: bytes, *, cut: bool = False) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                    self.send_header(name, value)
            length = headers.get("Content-Length", "0") if self.command == "HEAD" else str(len(body))
            self.send_header("Content-Length", length)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body[: len(body) // 2] if cut else body)
            self.close_connection = cut

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(_certificate(tls))
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def _certificate(folder: Path) -> Path:
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now, now + dt.timedelta(1)
    )
    file = folder / "server.pem"
    file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + made.add_extension(names, critical=False).sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    )
    return file


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


NOT_FOUND = "nada.invalid"
FAULTS: dict[str, Fault] = {
    "S3 AccessDenied": s3_says(403, "AccessDenied", "Access Denied."),
    "S3 AccessDenied to packs": s3_says(403, "AccessDenied", "Access Denied.", when=packs),
    "S3 InvalidAccessKeyId": s3_says(403, "InvalidAccessKeyId", "The Access Key Id you provided does not exist"),
    "S3 SignatureDoesNotMatch": s3_says(403, "SignatureDoesNotMatch", "The request signature we calculated does not "
                                        "match the signature you provided."),
    "S3 ExpiredToken": s3_says(400, "ExpiredToken", "The provided token has expired."),
    "S3 ExpiredToken at the packs": s3_says(400, "ExpiredToken", "The provided token has expired.", when=packs),
    "S3 RequestTimeTooSkewed": s3_says(403, "RequestTimeTooSkewed", "The difference between the request time and the "
                                       "current time is too large."),
    "S3 untrusted certificate": s3_untrusted,
    "REST 401": rest_says(401),
    "REST 403": rest_says(403),
    "GS without its credentials' file": address("gs:respaldos:/", GOOGLE_PROJECT_ID="x",
                                               GOOGLE_APPLICATION_CREDENTIALS="/no/existe.json"),
    "SFTP refused": address("sftp://nadie@127.0.0.1:1//srv/respaldos"),
    "folder not mounted": moved_away,
    "empty mount point": empty_folder,
    "wrong password": wrong_password,
    "restic killed": restic_is("kill -9 $$"),
    "pg_restore not there": pg_restore_is(""),
    "pg_restore killed": pg_restore_is("kill -9 $$"),
    "copy's server down": no_server_for_the_copy,
    "S3 AccessDenied to the list of packs": s3_says(403, "AccessDenied", "Access Denied.", when=pack_list),
    "S3 AccessDenied to snapshots": s3_says(403, "AccessDenied", "Access Denied.", when=snapshot_read),
    "S3 AccessDenied to the index": s3_says(403, "AccessDenied", "Access Denied.", when=index_read),
    "S3 InvalidObjectState (archived)": s3_says(403, "InvalidObjectState", "The operation is not valid for the "
                                                "object's storage class", when=packs),
    "S3 AccountProblem": s3_says(403, "AccountProblem", "There is a problem with your account"),
    "S3 AllAccessDisabled": s3_says(403, "AllAccessDisabled", "All access to this object has been disabled"),
    "S3 InvalidToken": s3_says(400, "InvalidToken", "The provided token is malformed or otherwise invalid."),
    "S3 NoSuchBucket": s3_says(404, "NoSuchBucket", "The specified bucket does not exist"),
    "S3 PermanentRedirect": s3_says(301, "PermanentRedirect", "The bucket must be addressed by the endpoint"),
    "S3 MethodNotAllowed": s3_says(405, "MethodNotAllowed", "The specified method is not allowed"),
    "S3 RequestTimeout": s3_says(400, "RequestTimeout", "Your socket connection was not read from in time"),
    "S3 SlowDown": s3_says(503, "SlowDown", "Please reduce your request rate."),
    "S3 SlowDown at the packs": s3_says(503, "SlowDown", "Please reduce your request rate.", when=packs),
    "S3 InternalError": s3_says(500, "InternalError", "We encountered an internal error. Please try again."),
    "S3 InternalError at the packs": s3_says(500, "InternalError", "We encountered an internal error.", when=packs),
    "S3 InternalError at the list of packs": s3_says(500, "InternalError", "Internal error.", when=pack_list),
    "S3 ServiceUnavailable at the snapshots": s3_says(503, "ServiceUnavailable", "x", when=snapshot_read),
    "S3 502 of a proxy": s3_says(502, "BadGateway"),
    "S3 504 of a proxy at the packs": s3_says(504, "GatewayTimeout", when=packs),
    "S3 answers cut short": s3_cut,
    "S3 resets": s3_network("refuse", 0),
    "S3 resets later": s3_network("refuse", 6_000),
    "S3 stalls": s3_network("stall", 0),
    "S3 stalls later": s3_network("stall", 6_000),
    "S3 refused": address("s3:http://127.0.0.1:1/respaldos"),
    "S3 without TLS": s3_not_tls,
    "S3 name not found": address(f"s3:https://{NOT_FOUND}/respaldos"),
    "REST 404": rest_says(404),
    "REST 429": rest_says(429),
    "REST 500": rest_says(500),
    "REST 502": rest_says(502),
    "REST 503": rest_says(503),
    "REST 507": rest_says(507),
    "REST refused": address("rest:http://127.0.0.1:1/"),
    "REST name not found": address(f"rest:https://{NOT_FOUND}/"),
    "SFTP name not found": address(f"sftp://nadie@{NOT_FOUND}//srv/respaldos"),
    "GS behind a proxy that is down": address("gs:respaldos:/", GOOGLE_PROJECT_ID="x", GOOGLE_ACCESS_TOKEN="ya29.x",
                                             HTTPS_PROXY="http://127.0.0.1:1"),
    "B2 behind a proxy that is down": address("b2:respaldos:/", secrets={"B2_ACCOUNT_KEY": "x"}, B2_ACCOUNT_ID="x",
                                              HTTPS_PROXY="http://127.0.0.1:1"),
    "Swift refused": address("swift:respaldos:/", secrets={"OS_PASSWORD": "x"}, OS_AUTH_URL="http://127.0.0.1:1/v3",
                             OS_USERNAME="x", OS_TENANT_NAME="x"),
    "key files gone": keys_gone,
    "restic not there": no_restic,
    "restic out of memory": restic_is('case "$*" in *" restore "*) kill -9 $$;; esac; exec $REAL "$@"'),
    "pg_restore of another version": pg_restore_is("echo 'pg_restore: error: unsupported version (1.99) in file "
                                                   "header' >&2; exit 1"),
    "an extension is missing": pg_restore_is("echo 'pg_restore: error: could not execute query: ERROR:  extension "
                                             "\"vector\" is not available' >&2; exit 1"),
    "copy's server refuses us": copy_server_refuses,
    "Odoo not there": job_with(odoo_command="/no/existe/odoo"),
    "Odoo of another series": job_with(odoo_command="echo Odoo Server 16.0 --x"),
}  # fmt: skip
if os.geteuid() == 0:
    FAULTS["work disk full"] = small_work_disk
# restic gives up on these at once; on the others it goes on trying until its time is up
QUICKLY = {
    name: FAULTS[name]
    for name in (
        "S3 AccessDenied", "S3 AccessDenied to packs", "S3 AccessDenied to snapshots", "S3 AccessDenied to the index",
        "REST 401", "REST 403", "REST 404", "REST 507", "SFTP refused", "SFTP name not found", "Swift refused",
        "GS without its credentials' file", "folder not mounted", "empty mount point", "wrong password",
        "key files gone", "restic killed", "restic not there", "pg_restore not there", "pg_restore killed",
        "pg_restore of another version", "an extension is missing", "copy's server down", "copy's server refuses us",
    )
}  # fmt: skip
