"""Finds the programs that the tests and benches need."""

import os
import re
import shutil
import subprocess


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
