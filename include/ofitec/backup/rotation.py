"""Changes the repository's password. At no moment, killed or not, does the password file not open the repository.

The new password is written beside the file (`.next`) before the repository learns it, and takes the file's place only
when it opens the repository; the old one waits beside it (`.old`) until its key is removed. A run that finds `.next` or
`.old` goes on where the killed one stopped. Other keys, like the rescue key in the safe, are never touched.

restic's master key does not change: who has a copy of the repository *and* of an old key file can still open that copy.
"""

import logging
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

from ofitec.backup.job import Job
from ofitec.clients.restic import Restic
from ofitec.clients.restic_errors import WrongPassword
from ofitec.errors import InputError, PermanentError
from ofitec.ledger.exclusive import REPOSITORY, held

log = logging.getLogger(__name__)


class OldPasswordStillOpens(PermanentError):
    """The old password was removed, but still opens the repository: another key has the same password."""


def rotate(job: Job, password_file: Path, *, run_id: str) -> dict[str, Any]:
    """Give the repository a new password and take the old one's right away.

    :param password_file: the connection's extra `password_file`; its folder must be writable
    :return: {"key": id of the new key, "removed": id of the old one, "other_keys": how many others open the repository}
    :raises InputError: if the file or its folder cannot be written
    """
    new, old = (
        password_file.with_name(f"{password_file.name}.next"),
        password_file.with_name(f"{password_file.name}.old"),
    )
    if not os.access(password_file.parent, os.W_OK):
        raise InputError(f"The folder of {password_file} cannot be written. Mount it writable, then run again.")
    with held(job.ledger, REPOSITORY, why=f"rotation {run_id}", wait=job.rules.exclusive_wait):
        # both there: killed just before the switch
        if new.exists() or not old.exists():
            _learn(job, password_file, new)
            _write(old, password_file.read_text())
            new.replace(password_file)
            log.info("The new password is in place")
        removed = _forget(job, password_file, old)
    keys = _opened_by(job, password_file).keys()
    current = next(key for key, mine in keys.items() if mine)
    log.info("Key %s opens the repository, key %s no longer does", current[:8], removed[:8])
    return {"key": current, "removed": removed, "other_keys": len(keys) - 1}


def _learn(job: Job, password_file: Path, new: Path) -> None:
    """Write a new password and let it open the repository; do not make another if a killed run left one."""
    if not new.exists():
        _write(new, token_urlsafe(32))
    try:
        _opened_by(job, new).open()
    except WrongPassword:
        _opened_by(job, password_file).key_add(new)
        _opened_by(job, new).open()
    log.info("The new password opens the repository")


def _forget(job: Job, password_file: Path, old: Path) -> str:
    """Remove the old password's key; returns its id, or "" if a killed run had removed it."""
    current = _opened_by(job, password_file)
    current.open()
    removed = ""
    with suppress(WrongPassword):
        removed = next(key for key, mine in _opened_by(job, old).keys().items() if mine)
        current.key_remove(removed)
    try:
        _opened_by(job, old).open()
    except WrongPassword:
        old.unlink()
        return removed
    raise OldPasswordStillOpens(
        f"The old password still opens {job.restic.where}: another key has it too. List the keys with `restic key "
        f"list` and remove it by hand; {old} holds the old password."
    )


def _opened_by(job: Job, file: Path) -> Restic:
    # without the cache, so that the repository itself is asked
    env = {**job.restic.env, "RESTIC_PASSWORD_FILE": str(file)}
    secrets = {name: value for name, value in job.restic.secrets.items() if name != "RESTIC_PASSWORD"}
    return replace(job.restic.cold(), env=env, secrets=secrets, hide=(*job.restic.hide, file.read_text().strip()))


def _write(path: Path, content: str) -> None:
    """Whole or not at all, readable by us only."""
    fresh = path.with_name(f"{path.name}.tmp")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
