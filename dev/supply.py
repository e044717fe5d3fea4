"""What `make lint` asks of the supply chain: known weaknesses of what is locked, and secrets in git's history."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from dev.stack.errors import StackError
from dev.stack.machine import debian
from dev.stack.machine.paths import ROOT

LOCKS = (
    "requirements.txt",
    "requirements-kubernetes.txt",
    "requirements-dev.txt",
    "dev/stack/services/requirements-odoo-19.txt",
)


def main() -> int:
    """Run both; 1 if either found something."""
    return max(audit(), secrets())


def audit() -> int:
    """Look the locked packages up in PyPI's advisories; 1 if one has a known weakness. Where those cannot be asked
    (a mirror without them, no network) nothing is known, which is said and is no failure."""
    found = [package for lock in LOCKS for package in _looked_up(ROOT / lock)]
    weak, unknown = weaknesses(found)
    for line in weak:
        _say(line)
    if unknown:
        _say(f"pip-audit: {unknown} of {len(found)} locked packages could not be looked up: no advisories in reach")
    return 1 if weak else 0


def _looked_up(lock: Path) -> list[dict[str, Any]]:
    argv = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--progress-spinner", "off"]
    done = subprocess.run([*argv, "--format", "json", "-r", str(lock)], capture_output=True, text=True, check=False)
    try:
        packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except ValueError:
        raise StackError(f"pip-audit of {lock.name} failed: {done.stderr[-500:]}") from None
    return packages


def weaknesses(packages: list[dict[str, Any]]) -> tuple[list[str], int]:
    """What pip-audit's JSON says of packages: (a line for each weakness, how many could not be looked up)."""
    weak = []
    for package in packages:
        for found in package.get("vulns", []):
            mended = ", ".join(found["fix_versions"]) or "none yet"
            weak.append(f"{package['name']} {package['version']}: {found['id']}, mended in {mended}")
    return weak, sum("skip_reason" in package for package in packages)


def secrets() -> int:
    """Look for secrets in every commit, by gitleaks; 1 if it finds one (told without the secret)."""
    program = debian.unpacked("gitleaks") / "usr/bin/gitleaks"
    argv = [str(program), "git", "--no-banner", "--verbose", "--redact", "--log-level", "warn", str(ROOT)]
    return min(subprocess.run(argv, check=False).returncode, 1)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
