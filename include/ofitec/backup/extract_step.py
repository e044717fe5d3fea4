"""The step of backup_extract: the form, the storage and the message around `extract`."""

import logging
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ofitec.backup import message
from ofitec.backup.extract import Wanted, extract
from ofitec.backup.job import FIRST_CONNECTION, from_settings
from ofitec.backup.steps import tell
from ofitec.clients.storage import Storage
from ofitec.ledger import Ledger, backups
from ofitec.ledger.folders import require_one
from ofitec.settings import settings

log = logging.getLogger(__name__)


def run(params: dict[str, Any], *, run_id: str) -> dict[str, Any]:
    """Bring back what the form asks for, deliver it, and tell Slack where it is.

    :return: {"backup", "folder", "files": how many, "withheld": [columns], "seconds"}
    :raises InputError: if the form is not clear, or the backup does not hold it
    """
    begun = time.monotonic()
    with message.in_spanish():
        wanted = Wanted(
            params["what"], params["attachment"], params["name"] or "", params["table"] or "", params["record"]
        ).checked()
        job, url = from_settings(params["repository"] or FIRST_CONNECTION), settings().export_url
        _require_one_folder(job.ledger, url)
        done = extract(
            job, params["backup"] or "", wanted, Storage.from_url(url), run_id=run_id, at=datetime.now(UTC)
        )  # fmt: skip
    seconds = round(time.monotonic() - begun, 1)
    log.info("Brought back in %.1f s", seconds)
    row = backups.get(job.ledger, done["backup"])
    at = row.snapshot_at if row else None
    text, blocks = message.extracted(done["backup"], at, done["folder"], len(done["files"]), wanted.what)
    tell(f"extract/{run_id}/{done['folder']}", "backup_extract", run_id, text, blocks)
    # the files' names may name a person
    return {**done, "files": len(done["files"]), "seconds": seconds}


def _require_one_folder(ledger: Ledger, url: str) -> None:
    """Deliveries in a folder are one folder for all workers.

    :raises NotShared: if another worker has another there
    """
    if url.startswith("file://"):
        place = Path(url.removeprefix("file://"))
        require_one(ledger, place, what="OFITEC_EXPORT_URL", instead="deliveries on S3 (s3://...)")
