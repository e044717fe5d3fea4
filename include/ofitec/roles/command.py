"""`airflow ofitec roles`."""

import argparse
import json
import sys

from ofitec.errors import InputError
from ofitec.roles import fab
from ofitec.roles.rights import ROLES, Difference


def run(args: argparse.Namespace) -> None:
    """Make the roles, or with `--check` only say what differs. Exit status 1: something differs, or cannot be made."""
    try:
        found = fab.differences() if args.check else fab.make()
    except InputError as error:
        if not args.json:
            sys.exit(str(error))
        print(json.dumps({"ok": False, "error": str(error)}))  # noqa: T201
        sys.exit(1)
    differing = [difference for difference in found if difference]
    print(as_json(differing, check=args.check) if args.json else as_lines(differing, check=args.check))  # noqa: T201
    if args.check and differing:
        sys.exit(1)


def as_json(differing: list[Difference], *, check: bool) -> str:
    """{"ok", "changed", "roles": {name: {"made", "missing", "extra"}}}: what differs, or what was changed."""
    roles = {
        each.role: {
            "made": each.made,
            "missing": [" on ".join(permission) for permission in each.missing],
            "extra": [" on ".join(permission) for permission in each.extra],
        }
        for each in differing
    }
    return json.dumps({"ok": not (check and differing), "changed": bool(differing) and not check, "roles": roles})


def as_lines(differing: list[Difference], *, check: bool) -> str:
    """A line a role, then what differs."""
    by_name, lines = {each.role: each for each in differing}, []
    for name, role in ROLES.items():
        each = by_name.get(name)
        if each is None:
            lines.append(f"✓ {name}: {role.what}")
            continue
        state = ("differs" if each.made else "is missing") if check else ("mended" if each.made else "made")
        lines.append(f"{'✗' if check else '✓'} {name} {state}: {role.what}")
        signs = ("-", "+") if check else ("+", "-")
        lines += [f"    {signs[0]} {' on '.join(permission)}" for permission in each.missing if each.made]
        lines += [f"    {signs[1]} {' on '.join(permission)}" for permission in each.extra]
    if check and differing:
        lines.append("Run `airflow ofitec roles` to make them so.")
    return "\n".join(lines)
