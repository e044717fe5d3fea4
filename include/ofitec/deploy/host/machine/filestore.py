"""Odoo's filestore: one folder a database below /var/lib/odoo/filestore, reached from a container of Odoo's image.

Files are named after their content and never change in place, so a copy by hard links is as good as a real one: Odoo
adds and unlinks, and neither reaches the other folder.
"""

import re

from ofitec.deploy.host.machine.engine import Engine
from ofitec.errors import PermanentError

_ROOT = "/var/lib/odoo/filestore"


class Filestore:
    """The folders, by the image that has the program to touch them."""

    def __init__(self, engine: Engine, image: str, run: str) -> None:
        self._engine, self._image, self._run = engine, image, run

    def inode(self, name: str) -> int:
        """The identity of a folder, which a rename does not change; 0 if there is none."""
        out = self._sh('[ -d "$1" ] && stat -c %i "$1" || echo 0', name, what="look at the filestore")
        return int(out.strip().splitlines()[-1])

    def clone(self, source: str, name: str) -> tuple[int, int]:
        """Copy a folder by hard links to a name that must be free; returns both inodes, 0 for what there is not."""
        script = """[ ! -e "$2" ] || { echo "$2 is there already" >&2; exit 1; }
        if [ -d "$1" ]; then cp -al "$1" "$2"; stat -c %i "$1" "$2"; else echo 0; echo 0; fi"""
        before, after = self._sh(script, source, name, what="copy of the filestore").split()[-2:]
        return int(before), int(after)

    def rename(self, moves: list[tuple[int, str, str]]) -> None:
        """Give each folder, known by its inode, its new name; one that has it already is left alone.

        :param moves: (inode, old name, new name), in the order they must happen
        """
        script = """while [ $# -ge 3 ]; do
          if [ "$1" != 0 ] && [ -d "$2" ] && [ "$(stat -c %i "$2")" = "$1" ]; then
            [ ! -e "$3" ] || { echo "$3 is in the way" >&2; exit 1; }
            mv -T "$2" "$3"
          fi
          shift 3
        done"""
        flat = [part for inode, old, new in moves for part in (str(inode), old, new)]
        self._sh(script, *flat, what="rename of the filestore")

    def remove(self, name: str, *, inode: int) -> None:
        """Remove a folder of ours, if it is the one with that inode."""
        script = 'if [ -d "$2" ] && [ "$(stat -c %i "$2")" = "$1" ]; then rm -rf "$2"; fi'
        self._sh(script, str(inode), name, what="removal of a filestore copy")

    def _sh(self, script: str, *args: str, what: str) -> str:
        for argument in args:
            if not re.fullmatch(r"[A-Za-z0-9_\-]{1,63}", argument):
                raise PermanentError(f"{argument!r} is no folder name of ours.")
        whole = f"set -eu; mkdir -p {_ROOT}; cd {_ROOT}; {script}"
        return self._engine.task(self._image, ["sh", "-c", whole, "sh", *args], run=self._run, what=what)
