"""What of a backup's places must be one for all workers: a repository in a folder, the password's file that a rotation
changes, the folder that a restore puts files into. See `ofitec.ledger.folders`."""

import re
from pathlib import Path

from ofitec.ledger import Ledger
from ofitec.ledger.folders import note, require_one

_REMOTE = re.compile(r"^(azure|b2|gs|rclone|rest|s3|sftp|swift):")


def folder_of(repository: str) -> Path | None:
    """The folder of a repository that lies in one; None if it is on a storage.

    :param repository: restic's address of it
    """
    return None if _REMOTE.match(repository) else Path(repository.removeprefix("local:"))


def require_repository(ledger: Ledger, repository: str) -> None:
    """A repository in a folder is the one that other workers use.

    :param repository: restic's address of it
    :raises NotShared: if another worker has another folder there
    """
    folder = folder_of(repository)
    if folder is not None:
        require_one(ledger, folder, what="The restic repository", instead="a repository on S3, SFTP or REST")


def tell_password(ledger: Ledger, file: Path | None) -> None:
    """Make known which password file this worker reads. Backups may each read a copy; a rotation may not."""
    if file is not None:
        note(ledger, file.parent)


def require_password(ledger: Ledger, file: Path) -> None:
    """The password's file that a rotation changes is the one that other workers read.

    :raises NotShared: if another worker has another folder there
    """
    instead = "a secrets backend for the password, and change it by hand (docs/runbooks/secrets_rotate.md)"
    require_one(ledger, file.parent, what="The password file's place", instead=instead)


def require_place(ledger: Ledger, place: Path) -> None:
    """The folder beside which restored files go is the one that other workers, and Odoo, see.

    :raises NotShared: if another worker has another folder there
    """
    instead = "a worker alone in the queue ops, on the machine that has Odoo's filestore"
    require_one(ledger, place.parent, what="The place of the restored files", instead=instead)
