"""The manifest: the third snapshot of a backup, saved last. It says what the other two are and what they must hold.

With it a backup can be recognised, restored and compared even if the ledger itself is lost.
"""

from datetime import datetime

from pydantic import BaseModel

from ofitec.backup.figures import Figures


class Manifest(BaseModel):
    """What one backup holds."""

    format: str = "ofitec-backup/1"
    key: str
    env: str
    at: datetime
    series: str
    database: str
    database_snapshot: str
    filestore_snapshot: str
    filestore: str
    figures: Figures
    missing: list[str]  # attachments that had no file at the source either

    def to_bytes(self) -> bytes:
        """The same manifest gives the same bytes."""
        return self.model_dump_json(indent=1).encode() + b"\n"
