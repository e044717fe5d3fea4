"""Removes what old releases left: images by label, kept databases by age. Never the current or the previous one's."""

from datetime import UTC, datetime, timedelta

from ofitec.deploy.host.machine.database import Databases
from ofitec.deploy.host.machine.engine import Engine
from ofitec.deploy.host.machine.filestore import Filestore
from ofitec.deploy.host.record import releases
from ofitec.deploy.host.record.home import Home

LABEL = "cl.ofitec.app=odoo"  # the Dockerfile of include/images/odoo sets it
_KEEP = 2  # releases whose image stays: current and previous


def prune(home: Home, engine: Engine) -> list[str]:
    """Remove old images and kept databases; returns their names.

    Only images that were released here and carry our label: never `docker system prune`, which takes the rollback's
    image and other people's.
    A kept database goes when it is older than OFITEC_KEEP_DAYS and two releases have come since: the way back from the
    current release never loses its database.
    """
    known = releases.load(home).releases
    keep = {entry.image for entry in known[-_KEEP:]}
    old_images = sorted({entry.image for entry in known[:-_KEEP]} - keep)
    removed = [image for image in old_images if engine.remove_image(image, LABEL)]
    database = Databases(engine)
    limit = datetime.now(UTC) - timedelta(seconds=home.seconds("OFITEC_KEEP_DAYS") * 86400)
    for entry in known[:-_KEEP]:
        kept = entry.kept_database
        old = datetime.fromisoformat(entry.at) < limit
        if kept and old and database.oid(kept) == entry.kept_oid:
            database.drop(kept, oid=entry.kept_oid, never=(home.database,))
            store = Filestore(engine, known[-1].image, f"prune{known[-1].run}")
            store.remove(kept, inode=store.inode(kept))
            removed.append(kept)
    return removed
