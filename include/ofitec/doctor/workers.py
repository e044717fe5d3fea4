"""Folders that all workers must have in common. Of another worker only its own doctor, or its tasks, can tell."""

import os
from pathlib import Path

from ofitec.backup import shared
from ofitec.clients.restic_connection import password_file, restic
from ofitec.connections import connection
from ofitec.f29.delivery import require_one_folder
from ofitec.ledger import folders, open_ledger
from ofitec.settings import settings


def shared_folders() -> str:
    """Deliveries, repository and the password that `secrets_rotate` changes, as far as they are folders.

    :raises NotShared: if another worker has another folder under the same path
    """
    if not folders.several_workers():
        return "one machine runs all tasks, and its folders are the ones they use"
    ledger, url, repository = open_ledger(), settings().export_url, restic().repository
    file = password_file(connection("restic_default"))
    require_one_folder(ledger, url)
    shared.require_repository(ledger, repository)
    used = [Path(url.removeprefix("file://"))] if url.startswith("file://") else []
    if (folder := shared.folder_of(repository)) is not None:
        used.append(folder)
    if file is not None and os.access(file.parent, os.W_OK):
        shared.require_password(ledger, file)
        used.append(file.parent)
    if not used:
        return "none is used: deliveries and backups go to storages that every worker reaches"
    known = (f"{folder} (the same on {', '.join(folders.users(ledger, folder))})" for folder in used)
    return f"{'; '.join(known)}. Run this on every worker of the queue"
