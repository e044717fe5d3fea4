"""The host program as one file."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

from ofitec.deploy import bundle


def test_the_bundle_is_the_same_every_time_and_named_after_its_content() -> None:
    program = bundle.build()
    assert program == bundle.build()
    assert bundle.name(program) != bundle.name(program + b"x")


def test_the_bundle_holds_every_room_and_runs_on_the_standard_library_alone(tmp_path: Path) -> None:
    file = tmp_path / "host.pyz"
    file.write_bytes(bundle.build())
    (tmp_path / "docker-compose.yml").touch()
    # -I -S: neither this environment's packages nor its PYTHONPATH
    argv = [sys.executable, "-I", "-S", str(file), "--home", str(tmp_path), "recover"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert json.loads(done.stdout)["kind"] == "ProxyDown", done.stderr
    packed = {name for name in zipfile.ZipFile(file).namelist() if name.startswith("ofitec/deploy/host/")}
    folder = Path(bundle.__file__).parent / "host"
    assert packed == {f"ofitec/deploy/host/{path.relative_to(folder)}" for path in folder.rglob("*.py")}
