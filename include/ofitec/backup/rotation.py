"""Changes the repository's password in two phases. At no moment, killed or not, does a password in use open nothing.

1. `begin`: a new key is added, the ledger notes both keys, and the new password takes the password file's place. The
   old key stays. Killed anywhere, the next run goes on: the new password is written beside the file (`.next`) before
   the repository learns it, and the old one is kept beside it (`.old`).
2. `finish`, in a later run: the password is read anew from where the secrets live. Only when it opens the new key, and
   a backup made with that key has passed a proof made with it, the old key goes. If the file did not last (a
   container's own disk) the old password still opens all, and the orphaned new key goes instead.

Other keys, like the rescue key in the safe, are never touched. restic's master key does not change: who has a copy of
the repository *and* of an old key file can still open that copy.
"""

import logging
import os
from dataclasses import replace
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

from ofitec.backup import repository
from ofitec.backup.job import Job
from ofitec.clients.restic import Restic
from ofitec.clients.restic_errors import WrongPassword
from ofitec.errors import InputError, PermanentError
from ofitec.ledger import backups, rotations
from ofitec.ledger.tables import PasswordRotation

log = logging.getLogger(__name__)


class OldPasswordStillOpens(PermanentError):
    """The old password was removed, but still opens the repository: another key has the same password."""


class NewPasswordUnproven(PermanentError):
    """No backup made with the new password has passed a proof made with it: the old one stays."""


def pending(job: Job) -> PasswordRotation | None:
    """The change whose old key is still there."""
    return rotations.pending(job.ledger, env=job.env, repository=job.restic.where)


def switched(job: Job) -> bool:
    """Whether a change is pending whose new password is in use: only its second phase is left."""
    found = pending(job)
    return found is not None and job.restic.current_key() == found.new_key


def begin(job: Job, password_file: Path, *, run_id: str) -> dict[str, Any]:
    """Give the repository a new password; the old one goes on opening it.

    :param password_file: the connection's extra `password_file`; its folder must be writable, and must last
    :return: {"key": id of the new key, "old_key": id of the one that is to go, "other_keys": how many others there are}
    :raises InputError: if the file or its folder cannot be written
    """
    new, old = _beside(password_file)
    if not os.access(password_file.parent, os.W_OK):
        raise InputError(f"The folder of {password_file} cannot be written. Mount it writable, then run again.")
    with repository.exclusive(job, why=f"rotation {run_id}"):
        _abandon_lost(job, new)
        _learn(job, password_file, new)
        old_key, new_key = _opened_by(job, password_file).current_key(), _opened_by(job, new).current_key()
        rotations.begin(
            job.ledger, env=job.env, repository=job.restic.where, old_key=old_key, new_key=new_key, run_id=run_id
        )
        _write(old, password_file.read_text())
        new.replace(password_file)
        keys = _opened_by(job, password_file).keys()
    log.info("Key %s opens the repository; key %s stays until the new one is proven", new_key[:8], old_key[:8])
    return {"key": new_key, "old_key": old_key, "other_keys": len(keys.keys() - {new_key, old_key})}


def finish(job: Job, password_file: Path, *, run_id: str) -> bool:
    """Take the old password's right away. True if that is done; False if the new password was lost and its key went.

    :param job: built in this run, so that its password comes from where the secrets live
    :raises InputError: if no change is pending, or another connection still uses the old password
    :raises NewPasswordUnproven: if the new password has no proven backup yet
    """
    rotation = pending(job)
    if rotation is None:
        raise InputError("No change of the password is pending. Run secrets_rotate by hand to begin one.")
    new, old = _beside(password_file)
    with repository.exclusive(job, why=f"rotation {run_id}"):
        keys = job.restic.cold().keys()
        used = next(key for key, mine in keys.items() if mine)
        if used == rotation.old_key:
            if new.exists():
                raise InputError("The change of the password stopped half-way. Run secrets_rotate by hand to go on.")
            if rotation.new_key in keys:
                job.restic.cold().key_remove(rotation.new_key)
            rotations.end(job.ledger, rotation, rotations.ABANDONED)
            return False
        if used != rotation.new_key:
            raise InputError(
                f"Connection restic_default opens key {used[:8]}, neither the old {rotation.old_key[:8]} nor the new "
                f"{rotation.new_key[:8]}. Put the new password where the connection reads it."
            )
        _require_proven(job, rotation)
        _require_unused(job, rotation)
        if rotation.old_key in keys:
            job.restic.cold().key_remove(rotation.old_key)
        _require_closed(job, old)
        rotations.end(job.ledger, rotation, rotations.DONE)
    log.info("Key %s no longer opens the repository", rotation.old_key[:8])
    return True


def proven(job: Job, rotation: PasswordRotation) -> bool:
    """Whether a backup that was made with the new key passed a proof that was made with it."""
    made = [row for row in backups.proven(job.ledger, job.env) if row.key_id == rotation.new_key]
    return any(
        proof.outcome == backups.PASSED and proof.key_id == rotation.new_key
        for row in made
        for proof in backups.proofs(job.ledger, row.key)
    )


def _abandon_lost(job: Job, new: Path) -> None:
    """A change before this one: go on with it, refuse a second one, or take away a new key whose password is lost."""
    rotation = pending(job)
    if rotation is None:
        return
    keys = job.restic.cold().keys()
    if keys.get(rotation.new_key):
        raise InputError("The new password is in use already, and the old one goes once a backup with it is proven.")
    if new.exists() and _opened_by(job, new).current_key() == rotation.new_key:
        return
    log.warning("The password of key %s is lost: the key goes, and another is made", rotation.new_key[:8])
    if rotation.new_key in keys:
        job.restic.cold().key_remove(rotation.new_key)
    rotations.end(job.ledger, rotation, rotations.ABANDONED)


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


def _require_proven(job: Job, rotation: PasswordRotation) -> None:
    if not proven(job, rotation):
        raise NewPasswordUnproven(
            "No backup made with the new password has passed a proof made with it, so the old one stays. Run "
            "backup_nightly, wait for its proof, then run secrets_rotate again."
        )


def _require_unused(job: Job, rotation: PasswordRotation) -> None:
    """The connection that removes old backups may have a password of its own."""
    if job.pruner is not None and job.pruner.cold().current_key() == rotation.old_key:
        raise InputError(
            "The connection of OFITEC_PRUNE_CONNECTION still uses the old password. Give it the new one, then run "
            "secrets_rotate again."
        )


def _require_closed(job: Job, old: Path) -> None:
    if not old.exists():
        return
    try:
        _opened_by(job, old).open()
    except WrongPassword:
        old.unlink()
        return
    raise OldPasswordStillOpens(
        f"The old password still opens {job.restic.where}: another key has it too. List the keys with `restic key "
        f"list` and remove it by hand; {old} holds the old password."
    )


def _beside(password_file: Path) -> tuple[Path, Path]:
    """Where the next and the previous password wait."""
    name = password_file.name
    return password_file.with_name(f"{name}.next"), password_file.with_name(f"{name}.old")


def _opened_by(job: Job, file: Path) -> Restic:
    # without the cache, so that the repository itself is asked
    env = {**job.restic.env, "RESTIC_PASSWORD_FILE": str(file)}
    secrets = {name: value for name, value in job.restic.secrets.items() if name != "RESTIC_PASSWORD"}
    return replace(job.restic.cold(), env=env, secrets=secrets, hide=(*job.restic.hide, file.read_text().strip()))


def _write(path: Path, content: str) -> None:
    """Whole or not at all, readable by us only.

    Not by `write_whole`: a kill would leave a password under a name that nobody knows; this one the next try removes.
    """
    fresh = path.with_name(f"{path.name}.tmp")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
