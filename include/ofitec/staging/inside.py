"""The first process inside the namespace of the staging Odoo: brings its loopback up, relays, and runs Odoo.

    python -m ofitec.staging.inside FOLDER ODOO...

In FOLDER are the unix sockets to the database and for the page. The namespace has no other device than the loopback:
whatever Odoo tries to reach besides is unreachable, by the kernel.
"""

import fcntl
import os
import socket
import struct
import sys
from pathlib import Path

from ofitec.process import run
from ofitec.staging.relay import relaying

DATABASE_PORT, PAGE_PORT = 5432, 8069  # nobody else is here
DATABASE, PAGE, PROCESS = "database.sock", "page.sock", "inside.pid"
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 0x1  # SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP of netdevice(7)


def main(folder: Path, odoo: list[str]) -> int:
    """Run Odoo to its end; its exit status."""
    _loopback_up()
    page = folder / PAGE
    page.unlink(missing_ok=True)
    (folder / PROCESS).write_text(str(os.getpid()))
    here, password = "127.0.0.1", os.environ.get("PGPASSWORD", "")
    pairs = ((here, DATABASE_PORT), str(folder / DATABASE)), (str(page), (here, PAGE_PORT))
    with relaying(*pairs):
        env = {name: value for name, value in os.environ.items() if name.startswith("PG") and name != "PGPASSWORD"}
        return run(
            odoo, timeout=float("inf"), env=env, secrets={"PGPASSWORD": password} if password else None
        ).returncode


def _loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        asked = fcntl.ioctl(handle, _GET_FLAGS, struct.pack("16sh14x", b"lo", 0))
        name, flags = struct.unpack("16sh14x", asked)
        fcntl.ioctl(handle, _SET_FLAGS, struct.pack("16sh14x", name, flags | _UP))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
