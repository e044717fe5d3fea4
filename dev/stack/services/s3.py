"""A local S3: moto's server, in memory. What it holds is gone when it stops."""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from dev.stack.machine import ports
from dev.stack.machine.credentials import Credentials
from dev.stack.machine.paths import Place
from dev.stack.machine.process import Processes

REGION = "us-east-1"
EXPORT_BUCKET = "ofitec-fiscal"
_ANYBODY_READS = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{EXPORT_BUCKET}/*",
        }
    ],
}


@dataclass(frozen=True)
class S3:
    """A running S3 server; any key is accepted, as moto checks no permissions."""

    url: str
    credentials: Credentials

    def client(self) -> Any:
        """A boto3 client of this server."""
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=self.credentials.s3_access_key,
            aws_secret_access_key=self.credentials.s3_secret_key,
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 2}),
        )

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """The keys in `bucket` below `prefix`, sorted."""
        pages = self.client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return sorted(entry["Key"] for page in pages for entry in page.get("Contents", []))


def up(place: Place, processes: Processes, credentials: Credentials) -> S3:
    """Starts the server of `place` with the export bucket in it; keeps a running one."""
    port = ports.port_of(place, "s3", in_use_by_us=processes.find("s3") is not None)
    argv = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    processes.start("s3", argv, env={"PATH": os.environ["PATH"], "HOME": str(place.dir), "LANG": "C.UTF-8"})
    server = S3(f"http://127.0.0.1:{port}", credentials)
    processes.wait("s3", lambda: _answers(server.url), timeout=60)
    client = server.client()
    # Making a bucket that one owns already is no error in this region.
    client.create_bucket(Bucket=EXPORT_BUCKET)
    # The demo's messages link to the files, and a browser on this machine signs nothing.
    client.put_bucket_policy(Bucket=EXPORT_BUCKET, Policy=json.dumps(_ANYBODY_READS))
    return server


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/moto-api/", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
