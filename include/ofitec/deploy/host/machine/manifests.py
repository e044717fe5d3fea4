"""What an image's add-ons are, and what that means for a database: CODE or MIGRATE."""

import json
from dataclasses import dataclass
from typing import Any

from ofitec.deploy.host.machine.engine import Engine
from ofitec.deploy.host.record.plans import Change, Mode
from ofitec.errors import InputError, PermanentError

# Runs in the image: series and, for the modules named on standard input, version and a hash of what -u would load.
_PROBE = r"""
import ast, configparser, hashlib, importlib.util, json, os, pathlib, sys
wanted = set(json.load(sys.stdin))
package = pathlib.Path(list(importlib.util.find_spec("odoo").submodule_search_locations)[0])
release = {}
exec((package / "release.py").read_text(), release)
config = configparser.RawConfigParser()
config.read(os.environ.get("ODOO_RC", "/etc/odoo/odoo.conf"))
listed = config.get("options", "addons_path", fallback="").split(",")
roots = [pathlib.Path(p.strip()) for p in listed if p.strip()]
roots += [pathlib.Path("/mnt/extra-addons"), package / "addons", package.parent / "addons"]
found = {}
for root in roots:
    for folder in sorted(root.iterdir()) if root.is_dir() else []:
        manifest = folder / "__manifest__.py"
        if folder.name in wanted and folder.name not in found and manifest.is_file():
            digest = hashlib.sha256()
            for path in sorted(folder.rglob("*")):
                inner = path.relative_to(folder).parts
                if path.suffix in (".py", ".xml", ".csv") and inner[0] not in ("tests", "static"):
                    digest.update("/".join(inner).encode() + path.read_bytes())
            version = ast.literal_eval(manifest.read_text()).get("version", "1.0")
            found[folder.name] = [version, digest.hexdigest()]
print(json.dumps({"series": release["series"], "modules": found}))
"""


@dataclass(frozen=True)
class Image:
    """An image's series ("19.0") and modules: name to (version as the database writes it, hash)."""

    series: str
    modules: dict[str, tuple[str, str]]


def read(engine: Engine, image: str, modules: set[str]) -> Image:
    """Look into an image, in a container that gets no network and no file of ours."""
    found = json.loads(engine.probe(image, _PROBE, json.dumps(sorted(modules))).splitlines()[-1])
    series = str(found["series"])
    return Image(series, {n: (adapted(v, series), digest) for n, (v, digest) in found["modules"].items()})


def adapted(version: str, series: str) -> str:
    """A manifest's version as Odoo writes it into the database: "1.2" gives "19.0.1.2" (odoo.modules.adapt_version)."""
    return version if version == series or version.startswith(f"{series}.") else f"{series}.{version}"


def classify(
    installed: dict[str, tuple[str, str]], image: Image, wanted: list[str] | None = None
) -> tuple[Mode, list[Change]]:
    """CODE, or MIGRATE with the modules to upgrade.

    :param installed: module to (state, version) of the database
    :param wanted: modules to upgrade whatever their versions say, beside those whose version rose
    :raises PermanentError: if the database is half-upgraded, or the image lacks or has older modules than it
    :raises InputError: if a wanted module is unknown or not installed; Odoo itself would only warn
    """
    pending = sorted(name for name, (state, _) in installed.items() if state != "installed")
    if pending:
        raise PermanentError(
            f"The database waits for an upgrade of {_listed(pending)}: it was left half-done. "
            "Finish or undo that in Odoo before any deploy."
        )
    lacking = sorted(installed.keys() - image.modules.keys())
    if lacking:
        raise PermanentError(
            f"The image lacks {len(lacking)} modules that the database has installed: {_listed(lacking)}. "
            "Build it with them, or uninstall them in Odoo first."
        )
    older = [n for n, (_, version) in sorted(installed.items()) if _order(image.modules[n][0]) < _order(version)]
    if older:
        shown = ", ".join(f"{n} {image.modules[n][0]} < {installed[n][1]}" for n in older[:5])
        raise PermanentError(f"The image has older modules than the database: {shown}. To go back, use the rollback.")
    for name in wanted or []:
        if name not in installed:
            raise InputError(
                f"Module {name} is not installed in the database, so `-u {name}` would do nothing. "
                "Correct the list of modules, or install it in Odoo first."
            )
    changes = [
        Change(name, version, image.modules[name][0])
        for name, (_, version) in sorted(installed.items())
        if _order(image.modules[name][0]) > _order(version) or name in (wanted or [])
    ]
    return (Mode.MIGRATE if changes else Mode.CODE), changes


def silent_changes(image: Image, known: dict[str, str], changes: list[Change]) -> list[str]:
    """Modules whose sources differ from those of the serving image though no upgrade will load them.

    Python alone is fine so; a changed view or field is not, and a person should know before approving.
    """
    upgraded = {change.name for change in changes}
    return sorted(n for n, (_, h) in image.modules.items() if n in known and known[n] != h and n not in upgraded)


def check_upgraded(installed: dict[str, tuple[str, str]], image: dict[str, str]) -> None:
    """After `-u`: every module installed and at the image's version. Odoo's own exit status does not tell.

    :param image: module to version
    :raises PermanentError: names those that are not
    """
    wrong = [
        f"{name} ({state} {version}, image {image.get(name, '-')})"
        for name, (state, version) in sorted(installed.items())
        if state != "installed" or (name in image and _order(version) != _order(image[name]))
    ]
    if wrong:
        raise PermanentError(f"The upgrade left {len(wrong)} modules behind: {_listed(wrong)}.")


def _order(version: str) -> tuple[Any, ...]:
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in version.split("."))


def _listed(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
