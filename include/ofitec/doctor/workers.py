"""Whether each queue has a worker, and folders that all workers must have in common.

What another worker has on its disk only its own doctor, or its tasks, can tell.
"""

import os
from pathlib import Path

from ofitec.backup import shared
from ofitec.backup.tasks import OPS
from ofitec.clients.restic_connection import password_file, restic
from ofitec.connections import connection
from ofitec.doctor.findings import Unused
from ofitec.errors import InputError, TransientError
from ofitec.f29.delivery import require_one_folder
from ofitec.ledger import folders, open_ledger
from ofitec.settings import settings

_PATIENCE = 3.0  # seconds for a worker to answer


def queues() -> str:
    """Which Celery workers listen to the queues that our tasks name.

    :raises InputError: if one has nobody: its tasks would wait for ever
    """
    from airflow.configuration import conf

    if "CeleryExecutor" not in conf.get("core", "executor"):
        raise Unused("tasks are not run by Celery: their executor starts what they need")
    listening = _listening()
    needed = (OPS, conf.get("operators", "default_queue"))
    for queue in needed:
        if not listening.get(queue):
            raise InputError(
                f"No Celery worker listens to the queue {queue}: its tasks would wait for ever. Start one by  airflow "
                f"celery worker --queues {queue}  (docs/operations.md, Workers)."
            )
    return "; ".join(f"{queue}: {', '.join(sorted(listening[queue]))}" for queue in needed)


def _listening() -> dict[str, list[str]]:
    """Queue to the workers that answer through the broker."""
    from airflow.providers.celery.executors.celery_executor import app
    from kombu.exceptions import OperationalError

    found: dict[str, list[str]] = {}
    try:
        answers = app.control.inspect(timeout=_PATIENCE).active_queues() or {}
    except OperationalError as error:
        raise TransientError(f"Celery's broker does not answer: {error}. Check Redis and its password.") from None
    for worker, listens_to in answers.items():
        for queue in listens_to:
            found.setdefault(queue["name"], []).append(worker)
    return found


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
