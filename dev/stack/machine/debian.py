"""Packages of Debian unstable, unpacked into the cache and never installed: Odoo 19 with its web assets, restic.

The machine's own package lists and dpkg database stay untouched: apt runs with a configuration, lists and an (empty)
status file of its own. No mirror is named here. It is the one the machine uses, as apt itself reads its sources; on
Ubuntu, the one in OFITEC_DEBIAN_MIRROR or the default of the `debootstrap` package.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dev.stack.errors import StackError
from dev.stack.machine import process, progress, system_packages
from dev.stack.machine.paths import CACHE, cache_lock

SUITE = "unstable"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# What a Debian machine's own release may be called in its sources.
_ALIASES = {"stable", "oldstable", "oldoldstable", "testing", "unstable", "sid"}


def os_release(text: str) -> dict[str, str]:
    """The fields of an os-release file (freedesktop.org os-release(5))."""
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {key.strip(): value.strip().strip("\"'") for key, value in pairs}


def mirror_of_targets(targets: str, codename: str) -> str | None:
    """The mirror of Debian's main archive among apt's own index targets, one `SITE|RELEASE|COMPONENT` a line.

    A security archive, a backport suite or a third party's is not it: the suite must be the machine's release.
    """
    for line in targets.splitlines():
        site, release, component = [*line.strip().split("|"), "", ""][:3]
        if component == "main" and release in {codename, *_ALIASES} and re.match(r"(https?|file|ftp):", site):
            return site
    return None


def mirror_of_debootstrap(script: str) -> str | None:
    """The default Debian mirror in the text of debootstrap's program or its `sid` script."""
    for address in re.findall(r"(?:DEF_MIRROR=|default_mirror\s+)\"?(https?://[^\s\"]+)", script):
        if address.rstrip("/").endswith("/debian"):
            return str(address)
    return None


def mirror(log: Path) -> str:
    """The address of a Debian mirror, or StackError that says which setting names one."""
    if named := os.environ.get("OFITEC_DEBIAN_MIRROR"):
        return named
    release = os_release(Path("/etc/os-release").read_text())
    if release.get("ID") == "debian":
        form = "$(SITE)|$(RELEASE)|$(COMPONENT)"
        targets = process.run(["apt-get", "indextargets", "--format", form, "Created-By: Packages"], log=log)
        found = mirror_of_targets(targets, release.get("VERSION_CODENAME", ""))
        if found:
            return found
    if shutil.which("debootstrap") is None:
        system_packages.install(["debootstrap", "debian-archive-keyring"], "the address of a Debian mirror")
    for script in (Path("/usr/share/debootstrap/scripts/sid"), Path("/usr/sbin/debootstrap")):
        if script.exists() and (found := mirror_of_debootstrap(script.read_text())):
            return found
    raise StackError(
        "no Debian mirror is known on this machine: set OFITEC_DEBIAN_MIRROR to one (http://.../debian), "
        "or ODOO_HOME and ODOO_PYTHON to an Odoo of yours."
    )


@dataclass(frozen=True)
class PrivateApt:
    """apt with its own sources, lists, cache and status under one folder."""

    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / "apt.log"

    def refresh(self) -> None:
        """Writes the configuration and reads the package list. Raises StackError when the mirror does not answer."""
        for name in ("lists/partial", "cache/archives/partial", "debs"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "status").touch()
        if not KEYRING.exists():
            system_packages.install(["debian-archive-keyring"], "the key of Debian's archive")
        source = f"deb [signed-by={KEYRING}] {mirror(self.log)} {SUITE} main\n"
        (self.folder / "sources.list").write_text(source)
        (self.folder / "apt.conf").write_text(_configuration(self.folder))
        try:
            self._apt("update", "--error-on=any", timeout=300)
        except StackError as error:
            raise StackError(
                f"Debian's {SUITE} package list could not be read (no network, or the mirror is down): "
                f"try again, or set OFITEC_DEBIAN_MIRROR, or ODOO_HOME to an Odoo of yours.\n{error}"
            ) from error

    def _apt(self, *args: str, timeout: float = 900, cwd: Path | None = None) -> str:
        # Given with -c, not APT_CONFIG: that one is read before /etc/apt/apt.conf.d, which would win.
        argv = ["apt-get", "-c", str(self.folder / "apt.conf"), "-q", *args]
        return process.run(argv, log=self.log, timeout=timeout, cwd=cwd, what=f"apt-get {args[0]} of Debian {SUITE}")

    def version(self, package: str) -> str:
        """The version the suite has. Raises StackError when it has none."""
        argv = ["apt-cache", "-c", str(self.folder / "apt.conf"), "show", "--no-all-versions", package]
        try:
            shown = process.run(argv, log=self.log)
        except StackError as error:
            raise StackError(
                f"Debian {SUITE} has no package {package} today: set ODOO_HOME and ODOO_PYTHON to an Odoo of yours."
            ) from error
        return field(shown, "Version")

    def depends(self, package: str) -> list[str]:
        argv = ["apt-cache", "-c", str(self.folder / "apt.conf"), "show", "--no-all-versions", package]
        return first_choices(field(process.run(argv, log=self.log), "Depends"))

    def closure(self, packages: list[str]) -> list[str]:
        """The packages that apt would install for `packages` on an empty machine, by name."""
        uris = self._apt("install", "--print-uris", "-qq", "-y", "--no-install-recommends", *packages)
        return [line.split()[1].split("_")[0] for line in uris.splitlines() if line.startswith("'")]

    def unpack(self, packages: list[str], root: Path) -> None:
        """Downloads `packages` (apt checks their signed hashes) and unpacks them below `root`."""
        debs = self.folder / "debs"
        self._apt("download", *packages, cwd=debs)
        for deb in sorted(debs.glob("*.deb")):
            process.run(["dpkg-deb", "-x", str(deb), str(root)], log=self.log, what=f"unpacking {deb.name}")
            deb.unlink()


def _configuration(folder: Path) -> str:
    return f"""Dir::Etc::SourceList "{folder}/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State::Lists "{folder}/lists";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "3";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
"""


def field(shown: str, name: str) -> str:
    """One field of an `apt-cache show` record; empty when the record lacks it."""
    match = re.search(rf"^{name}: (.*)$", shown, re.MULTILINE)
    return match.group(1).strip() if match else ""


def first_choices(depends: str) -> list[str]:
    """Package names of a Depends field, the first of each alternative, without versions and architecture."""
    return [re.split(r"[ |(:]", entry.strip(), maxsplit=1)[0] for entry in depends.split(",") if entry.strip()]


def web_assets(packages: list[str]) -> list[str]:
    """Those packages that hold JavaScript libraries and fonts, which Odoo's tree links to instead of shipping them."""
    return [name for name in packages if name.startswith(("libjs-", "fonts-")) or name == "gsfonts"]


def unpacked(package: str) -> Path:
    """The root of `package` unpacked, with the JavaScript and fonts it links to; made on first use."""
    root = CACHE / "debian" / package
    with cache_lock("debian"):
        if not (root / ".version").exists():
            _unpack_anew(package, root)
    return root


def _unpack_anew(package: str, root: Path) -> None:
    apt = PrivateApt(CACHE / "debian" / "apt")
    with progress.step(f"Debian {SUITE}: {package}") as step:
        step.detail = "package list"
        apt.refresh()
        version = apt.version(package)
        step.detail = f"{version}, download and unpack"
        building = CACHE / "debian" / f".{package}"
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(parents=True)
        assets = web_assets(apt.depends(package))
        wanted = web_assets(apt.closure(assets)) if assets else []
        apt.unpack([package, *wanted], building)
        (building / ".version").write_text(version)
        shutil.rmtree(root, ignore_errors=True)
        building.rename(root)
        step.detail = version


def unpacked_for_here(name: str, packages: Sequence[str], root: Path) -> Path:
    """`root` with packages of the machine's own release, which fit its C library; made on first use."""
    with cache_lock(name):
        if (root / ".ready").exists():
            return root
        with progress.step(f"{name}: download and unpack"):
            debs, log = root.with_name(f".{root.name}-debs"), CACHE / "apt.log"
            for folder in (debs, root):
                shutil.rmtree(folder, ignore_errors=True)
            debs.mkdir(parents=True)
            wanted = ["apt-get", "download", *packages]
            try:
                process.run(wanted, log=log, cwd=debs)
            except StackError:
                process.run(["apt-get", "update", "-q"], log=log)
                process.run(wanted, log=log, cwd=debs, what=f"download of {packages[0]}")
            for deb in sorted(debs.glob("*.deb")):
                process.run(["dpkg-deb", "-x", str(deb), str(root)], log=log)
            shutil.rmtree(debs)
            (root / ".ready").touch()
    return root


def version_of(package: str) -> str:
    """The version of an unpacked package."""
    return (unpacked(package) / ".version").read_text()


def restic() -> Path:
    """Debian unstable's restic, a static binary (Debian 12's lacks --stdin-from-command and exit codes 10-12)."""
    return unpacked("restic") / "usr/bin/restic"
