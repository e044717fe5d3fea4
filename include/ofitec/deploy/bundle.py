"""The host program as one file: what travels to the host, named after its own content."""

import hashlib
import io
import zipfile
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
# nothing but the standard library: so they are what the host's program may share with the rest of the package
_SHARED = ("__init__.py", "errors.py", "whole_file.py", "deploy/__init__.py")
_MAIN = "import sys\nfrom ofitec.deploy.host.cli import main\nsys.exit(main(sys.argv[1:]))\n"
_EPOCH = (1980, 1, 1, 0, 0, 0)


def build() -> bytes:
    """The program as a zip that `python3 FILE` runs. The same sources give the same bytes."""
    files = [_PACKAGE / name for name in _SHARED] + sorted((_PACKAGE / "deploy" / "host").rglob("*.py"))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, "__main__.py", _MAIN)
        for file in files:
            _add(archive, f"ofitec/{file.relative_to(_PACKAGE)}", file.read_text())
    return b"#!/usr/bin/env python3\n" + out.getvalue()


def name(program: bytes) -> str:
    """The file's name on the host: another version is another file, so a run under way keeps its own."""
    return f"ofitec-host-{hashlib.sha256(program).hexdigest()[:16]}.pyz"


def _add(archive: zipfile.ZipFile, path: str, text: str) -> None:
    entry = zipfile.ZipInfo(path, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, text)
