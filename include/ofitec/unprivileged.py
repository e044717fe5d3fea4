"""Runs a program as another user where we are root: a PostgreSQL server refuses root, and what is written into
another's folder must stay theirs."""

import os
import pwd
import shutil
from pathlib import Path


def user_of(data: Path | None = None) -> str:
    """Who runs a PostgreSQL program for us: "" for ourselves, and where we are root the owner of `data`, or `postgres`,
    or `nobody`."""
    if os.geteuid() != 0:
        return ""
    if data is not None:
        return pwd.getpwuid(data.stat().st_uid).pw_name
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def prefix(user: str) -> list[str]:
    """What stands before a program's own words to run it as that user; nothing for ourselves.

    It keeps the one capability with which it comes to folders below ours. Changing the user makes the kernel forget
    that it shall die with us, so that is said again.
    """
    if not user:
        return []
    who = pwd.getpwnam(user)
    rights = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    drop = [f"--reuid={who.pw_uid}", f"--regid={who.pw_gid}", "--clear-groups"]
    return ["setpriv", *drop, *rights, "--", "setpriv", "--pdeathsig", "KILL", "--"]


def give(user: str, *paths: Path) -> None:
    """Let that user own these; nothing for ourselves."""
    for path in paths if user else ():
        shutil.chown(path, user, pwd.getpwnam(user).pw_gid)
