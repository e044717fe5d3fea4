"""What going back to a moment needs beside the nightly backup: the archive, its program, a server's programs."""

from ofitec.doctor.findings import Unused
from ofitec.settings import settings


def ready() -> str:
    """The archive opens and holds base backups, and this machine can recover one.

    :raises InputError: if a part is missing or wrong
    """
    from ofitec.clients.pgbackrest_connection import pgbackrest
    from ofitec.continuous import recovery, server, steps

    if not settings().continuous:
        raise Unused("OFITEC_CONTINUOUS is off: only the nights can be restored, no moment between them")
    archive = pgbackrest()
    version, info = ".".join(map(str, archive.version())), archive.info()
    steps.rules()
    server.programs_of(recovery.major(info))
    return f"pgBackRest {version} opens {archive.where}; it holds {len(info.bases)} base backups"
