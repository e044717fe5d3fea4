"""Which images may run on a host, asked before anything of them is fetched or run; signatures by a real cosign."""

import hashlib
import json
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dev.stack.machine import debian, ports
from dev.stack.services.docker_engine import registry_settings
from ofitec.deploy.host.record import releases
from ofitec.deploy.host.record.home import Home
from ofitec.deploy.host.record.releases import Release
from ofitec.deploy.host.record.terms import Terms
from ofitec.deploy.host.run import admit, plan
from ofitec.errors import InputError, PermanentError

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
SERVED = f"ghcr.io/acme/odoo@sha256:{'a' * 64}"


@pytest.fixture
def served(home: Home) -> Home:
    releases.add(home, Release(run="a", image=SERVED, colour="blue", mode="CODE", at="", who=""))
    return home


def test_an_image_of_another_repository_is_refused_before_the_lock_is_taken(served: Home) -> None:
    for reference in ("docker.io/acme/odoo:1", "ghcr.io/acme/odoo-evil:1", "ghcr.io/acme/odoo/x:1", "ghcr.io/acme:1"):
        with pytest.raises(InputError, match=r"only those of ghcr\.io/acme/odoo\. Nothing was fetched"):
            plan.deploy(served, run="b", who="x", image=reference, modules=[], terms=Terms())
    assert not (served.state / "lock.json").exists()
    admit.require_known(served, f"ghcr.io/acme/odoo@sha256:{'b' * 64}")
    admit.require_known(served, "ghcr.io/acme/odoo:19.0-2")


def test_listed_repositories_take_the_place_of_those_that_served(served: Home) -> None:
    listed = replace(served, settings={**served.settings, "OFITEC_IMAGES": "registry:5000/erp/, ghcr.io/new/odoo"})
    for reference in ("registry:5000/erp/odoo:1", "registry:5000/erp/a/b:1", "ghcr.io/new/odoo:1"):
        admit.require_known(listed, reference)
    for reference in (SERVED, "registry:5000/erp:1", "registry:5001/erp/odoo:1", "ghcr.io/new/odoo2:1"):
        with pytest.raises(InputError, match="OFITEC_IMAGES"):
            admit.require_known(listed, reference)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """host:port of an empty registry on loopback."""
    folder = tmp_path_factory.mktemp("registry")
    port = ports.pick(set())
    settings = folder / "registry.yml"
    settings.write_text(registry_settings(folder / "data", port))
    program = debian.unpacked("docker-registry") / "usr/bin/docker-registry"
    env = {**os.environ, "OTEL_TRACES_EXPORTER": "none"}
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen([program, "serve", settings], env=env, stderr=log) as server,
    ):
        while ports.is_free(port):
            assert server.poll() is None, (folder / "log").read_text()
            time.sleep(0.05)
        yield f"127.0.0.1:{port}"
        server.terminate()


def pushed(registry: str, name: str) -> str:
    """An image without layers in the registry, as repository@digest."""
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Labels": {"name": name}}}).encode()
    base = f"http://{registry}/v2/odoo"
    digest = f"sha256:{hashlib.sha256(config).hexdigest()}"
    with urllib.request.urlopen(urllib.request.Request(f"{base}/blobs/uploads/", data=b"", method="POST")) as begun:
        place = begun.headers["Location"]
    _put(f"{place}{'&' if '?' in place else '?'}digest={digest}", config, "application/octet-stream")
    blob = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest, "size": len(config)}
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": blob, "layers": []}
    _put(f"{base}/manifests/{name}", json.dumps(manifest).encode(), MANIFEST)
    return f"{registry}/odoo@sha256:{hashlib.sha256(json.dumps(manifest).encode()).hexdigest()}"


def _put(address: str, data: bytes, kind: str) -> None:
    urllib.request.urlopen(
        urllib.request.Request(address, data=data, method="PUT", headers={"Content-Type": kind})
    ).close()


@pytest.fixture
def cosign(monkeypatch: pytest.MonkeyPatch) -> Path:
    program = debian.unpacked("cosign") / "usr/bin/cosign"
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("COSIGN_PASSWORD", "")
    return program


def test_where_a_key_is_set_only_what_its_holder_signed_may_run(
    home: Home, registry: str, cosign: Path, tmp_path: Path
) -> None:
    ours, others = tmp_path / "ours", tmp_path / "others"
    for folder in (ours, others):
        folder.mkdir()
        subprocess.run([cosign, "generate-key-pair"], cwd=folder, check=True, capture_output=True)
    signed, foreign, unsigned = (pushed(registry, name) for name in ("signed", "foreign", "unsigned"))
    for folder, image in ((ours, signed), (others, foreign)):
        sign(cosign, folder, image)
    admit.require_signed(home, unsigned)  # no key is set: nothing is asked
    home.secrets.mkdir()
    shutil.copy(ours / "cosign.pub", home.secrets / admit.KEY)
    admit.require_signed(home, signed)
    for image in (foreign, unsigned):
        with pytest.raises(PermanentError, match=r"is not signed by the key of .*cosign\.pub: .*Nothing of it was run"):
            admit.require_signed(home, image)


def sign(cosign: Path, keys: Path, image: str) -> None:
    """As docs/operations.md says and the deploy workflow does: by key, without a public transparency log."""
    made = subprocess.run([cosign, "signing-config", "create"], check=True, capture_output=True)
    (keys / "no-log.json").write_bytes(made.stdout)
    options = ["--key", "cosign.key", "--yes", "--signing-config", "no-log.json", "--allow-http-registry=true"]
    subprocess.run([cosign, "sign", *options, image], check=True, capture_output=True, cwd=keys)


def test_a_key_without_cosign_says_what_to_install(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.secrets.mkdir()
    (home.secrets / admit.KEY).touch()
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(PermanentError, match="no cosign to look with"):
        admit.require_signed(home, SERVED)
