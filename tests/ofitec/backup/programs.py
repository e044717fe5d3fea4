"""Finds the programs that the tests and benches need."""

import os
import re
import shutil
import subprocess
from pathlib import Path


def restic_binary() -> str:
    """restic 0.17 or newer: the one in OFITEC_RESTIC, on PATH, or the one that the local stack provides."""
    named = os.environ.get("OFITEC_RESTIC") or shutil.which("restic")
    if named:
        output = subprocess.run([named, "version"], capture_output=True, text=True, check=True).stdout
        match = re.search(r"restic 0\.(\d+)", output)
        if match and int(match[1]) >= 17:
            return named
    from dev.stack.machine import debian

    return str(debian.restic())


def rclone_folder() -> Path:
    """The folder of an rclone: the one on PATH, or the one that Debian has."""
    named = shutil.which("rclone")
    if named:
        return Path(named).parent
    from dev.stack.machine import debian

    return debian.unpacked("rclone") / "usr" / "bin"
