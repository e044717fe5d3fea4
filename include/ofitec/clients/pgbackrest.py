"""The client of pgBackRest (>= 2.45): PostgreSQL's archive of WAL and its base backups. Its options, secrets among
them, go by one file (0600), never by argument; every command's time is bounded."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

from ofitec import unprivileged
from ofitec.clients.pgbackrest_errors import ArchiveAway, ArchiveDamaged, error_of, unanswered
from ofitec.clients.pgbackrest_records import Info, info_of, listed
from ofitec.errors import InputError, PermanentError
from ofitec.process import Finished, ProgramTimeout, run

OLDEST = (2, 45)  # what was tried; Debian 12's
_OPTION = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_QUICK = 120.0  # seconds for what reads a few files of the repository
_HIDDEN = ("key", "secret", "pass", "token")  # in the names of options whose values never show


class PgbackrestTooOld(PermanentError):
    """This pgBackRest is older than any that was tried."""


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL server on the machine where pgBackRest runs: its data directory and how a superuser reaches it.

    :param socket: folder of its Unix socket; "" for pgBackRest's own default
    """

    data: Path
    port: int = 5432
    socket: str = ""
    user: str = "postgres"


@dataclass(frozen=True)
class Pgbackrest:
    """One repository with its credentials.

    :param repository: pgBackRest's own options of a repository, without "repo1-" (type, path, s3-bucket, ...)
    :param passphrase: all in it is encrypted with it
    :param stanza: the name under which it keeps our server
    :param days: how far back one can return; older full backups and their WAL go
    :param whole: seconds that a backup or a restore may take
    """

    repository: Mapping[str, str] = field(repr=False)
    passphrase: str = field(repr=False)
    stanza: str = "odoo"
    days: int = 7
    binary: str = "pgbackrest"
    whole: float = 6 * 3600.0

    @property
    def where(self) -> str:
        """The repository's place without credentials."""
        path, kind = self.repository.get("path", "/var/lib/pgbackrest"), self.repository.get("type", "posix")
        if kind == "posix":
            return path
        named = (self.repository.get(f"{kind}-{part}") for part in ("bucket", "container", "host"))
        return f"{kind}:{next(filter(None, named), '')}{path}"

    @property
    def folder(self) -> Path | None:
        """The repository's folder, if it lies in one."""
        return Path(self.where) if self.repository.get("type", "posix") == "posix" else None

    def configuration(self, *, cluster: Cluster | None = None, folder: str = "") -> str:
        """pgBackRest's configuration, whole. It holds secrets.

        :param cluster: of the database's host, that pushes; None: the repository is only read
        :param folder: where spool, locks and logs are kept; "" for pgBackRest's own places
        :raises InputError: if an option is none, or a value is empty or has more than one line
        """
        shared = {f"repo1-{name}": value for name, value in self.repository.items()}
        shared |= {"repo1-cipher-type": "aes-256-cbc", "repo1-cipher-pass": self.passphrase}
        shared |= {"repo1-bundle": "y", "repo1-retention-full-type": "time", "repo1-retention-full": str(self.days)}
        shared |= {"compress-type": "zst", "start-fast": "y", "process-max": "2"}
        own: dict[str, str] = {}
        if cluster is not None:
            shared["archive-async"] = "y"  # a push that waits for the storage does not hold up the next ones
            own = {"pg1-path": str(cluster.data), "pg1-port": str(cluster.port), "pg1-user": cluster.user}
            own |= {"pg1-socket-path": cluster.socket} if cluster.socket else {}
        if folder:
            shared |= {"spool-path": f"{folder}/spool", "lock-path": f"{folder}/lock", "log-path": f"{folder}/log"}
        wrong = [name for name, value in {**shared, **own}.items() if not _right(name, value)]
        if wrong or not _OPTION.fullmatch(self.stanza):
            raise InputError(
                f"Connection pgbackrest_default: {', '.join(wrong) or 'the stanza'} has a wrong name, no value, or "
                "more than one line."
            )
        lines = ["[global]", *(f"{name}={value}" for name, value in shared.items()), "", f"[{self.stanza}]"]
        return "\n".join([*lines, *(f"{name}={value}" for name, value in own.items())]) + "\n"

    @contextmanager
    def configured(self, folder: Path, *, cluster: Cluster | None = None, user: str = "") -> Iterator[Path]:
        """The configuration in a file of mode 0600 in a folder, with room for spool, locks and logs; gone at the end.

        :param user: whose it is, if not ours
        """
        text, path = self.configuration(cluster=cluster, folder=str(folder)), folder / "pgbackrest.conf"
        for name in ("spool", "lock", "log"):
            (folder / name).mkdir(mode=0o700, exist_ok=True)
            unprivileged.give(user, folder / name)
        try:
            path.touch(mode=0o600)
            path.write_text(text)
            unprivileged.give(user, path)
            yield path
        finally:
            path.unlink(missing_ok=True)

    def version(self) -> tuple[int, ...]:
        """Its version.

        :raises PgbackrestTooOld: below 2.45
        :raises ProgramMissing: if it is not installed
        """
        output = run([self.binary, "version"], timeout=30).stdout
        match = re.search(r"pgBackRest (\d+)\.(\d+)", output)
        version = tuple(int(part) for part in match.groups()) if match else (0,)
        if version < OLDEST:
            raise PgbackrestTooOld(f"{output.strip() or self.binary} is too old: 2.45 or newer is needed. Install it.")
        return version

    def info(self) -> Info:
        """What the repository holds.

        :raises ArchiveAway: ArchiveKeyWrong, ArchiveEmpty: as they say
        """
        if self.folder is not None and not os.access(self.folder, os.R_OK | os.X_OK):
            raise ArchiveAway(
                f"The archive's folder {self.folder} is not there, or our user may not read it. Is its disk mounted?"
            )
        return info_of(self._here(["info", "--output=json"]).stdout, self.where)

    def segments(self) -> dict[str, dict[str, datetime]]:
        """The segments in the archive: archive id ("15-1") to {name: when it was stored}."""
        return listed(self._here(["repo-ls", "--recurse", "--output=json", f"archive/{self.stanza}"]).stdout)

    def restore(
        self, label: str, until: datetime | None, data: Path, config: Path, *, user: str = "",
        stop: Event | None = None,
    ) -> None:  # fmt: skip
        """Bring a base backup into an empty data directory, set to replay the archive up to a moment.

        :param until: what was committed at it is in; None: as far as the archive goes
        :param config: as the server that replays will read it (`configured`)
        :param user: who owns the directory, if not we
        """
        argv = [f"--set={label}", "--archive-mode=off", f"--pg1-path={data}", "--log-level-file=off"]
        argv += [f"--tablespace-map-all={data.parent / 'tablespaces'}"]  # never to where the source has them
        if until is not None:
            argv += ["--type=time", f"--target={until.isoformat(sep=' ')}", "--target-action=promote"]
        self._run(config, [*argv, "restore"], timeout=self.whole, user=user, stop=stop)

    def backup(self, kind: str, cluster: Cluster, *, stop: Event | None = None) -> None:
        """Make a base backup, and remove what the retention no longer keeps. On the database's host only.

        :param kind: "full" or "incr"; without a full one before it, an incremental one is full
        """
        self._here([f"--type={kind}", "backup"], cluster=cluster, timeout=self.whole, stop=stop)

    def verify(self, *, stop: Event | None = None) -> None:
        """Read all that the repository holds, and compare it with the checksums of when it was stored.

        :raises ArchiveDamaged: with what pgBackRest says is wrong
        """
        said = self._here(["verify", "--output=text"], timeout=self.whole, stop=stop).stdout
        if re.search(r"status: (error|invalid)", said):  # it ends with 0 all the same
            raise ArchiveDamaged(
                f"pgbackrest verify read all of {self.where}: {' '.join(said.split())[:400]}. What is named is lost; "
                "make a full base backup now, and look at that storage."
            )

    def create(self, cluster: Cluster) -> None:
        """Make the repository's place for this server; nothing if it is there. On the database's host only."""
        self._here(["stanza-create"], cluster=cluster)

    def _here(
        self, argv: Sequence[str], *, cluster: Cluster | None = None, timeout: float = _QUICK,
        stop: Event | None = None,
    ) -> Finished:  # fmt: skip
        """Run it with a configuration of its own."""
        user = unprivileged.user_of(cluster.data) if cluster else ""
        with TemporaryDirectory(prefix="ofitec-pgbackrest-") as name:
            unprivileged.give(user, Path(name))
            with self.configured(Path(name), cluster=cluster, user=user) as config:
                return self._run(config, argv, timeout=timeout, user=user, stop=stop)

    def _run(
        self, config: Path, argv: Sequence[str], *, timeout: float, user: str = "", stop: Event | None = None
    ) -> Finished:
        words = [*unprivileged.prefix(user), self.binary, f"--config={config}", f"--stanza={self.stanza}"]
        verb = next(word for word in argv if not word.startswith("-"))
        hide = [value for name, value in self.repository.items() if any(part in name for part in _HIDDEN)]
        try:
            done = run([*words, *argv], timeout=timeout, hide=[self.passphrase, *hide], stop=stop, cwd=Path("/"))
        except ProgramTimeout as error:
            raise unanswered(verb, self.where, str(error)) from None
        if done.returncode:
            raise error_of(verb, self.where, done)
        return done


def _right(name: str, value: str) -> bool:
    return bool(_OPTION.fullmatch(name)) and bool(value) and value == value.strip() and value.isprintable()
