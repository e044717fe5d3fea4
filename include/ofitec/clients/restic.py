"""The client of restic (>= 0.17). Secrets go by environment only; every command's time is bounded."""

import json
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

from ofitec.clients.restic_errors import (
    READERS,
    RepositoryDamaged,
    ResticFailed,
    error_of,
    gone,
    named,
    unanswered,
)
from ofitec.clients.restic_progress import CopyProgress, Progress
from ofitec.clients.restic_records import Lock, Saved, Snapshot, moment_of, snapshot_of
from ofitec.errors import OfitecError, PermanentError
from ofitec.process import Finished, ProgramStalled, ProgramTimeout, run

OLDEST = (0, 17)  # --stdin-from-command, exit codes 10 to 12
_USERINFO = re.compile(r"//([^/@]*)@")


class ResticTooOld(PermanentError):
    """This restic lacks what a safe backup needs."""


@dataclass(frozen=True)
class Limits:
    """Seconds that restic may take."""

    whole: float = 6 * 3600.0
    opening: float = 120.0
    stall: float = 600.0
    grace: float = 10.0  # between TERM and KILL


@dataclass(frozen=True)
class Restic:
    """One repository with its credentials.

    :param repository: any address that restic knows (a folder, s3:, gs:, rest:, sftp:, ...)
    :param secrets: environment that is secret: RESTIC_PASSWORD, AWS_SECRET_ACCESS_KEY, ...
    :param env: environment that is not: RESTIC_PASSWORD_FILE, AWS_ACCESS_KEY_ID, ...
    :param hide: secret values to scrub that are not in `secrets` (a password file's content)
    :param host: fixed name that snapshots carry
    """

    repository: str = field(repr=False)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    env: Mapping[str, str] = field(default_factory=dict)
    hide: tuple[str, ...] = field(default=(), repr=False)
    host: str = "odoo"
    binary: str = "restic"
    cache: Path | None = None
    cached: bool = True
    limits: Limits = Limits()

    def cold(self) -> "Restic":
        """The same without the local cache: what the cache still holds may be gone from the repository."""
        return replace(self, cached=False)

    @property
    def where(self) -> str:
        """The repository's address without credentials, in one spelling: what the ledger knows a backup's place by."""
        return _USERINFO.sub("//", self.repository).rstrip("/")

    def version(self) -> tuple[int, ...]:
        """restic's version.

        :raises ProgramMissing: if restic is not installed
        :raises ResticTooOld: below 0.17
        """
        output = run([self.binary, "version"], timeout=30).stdout
        match = re.search(r"restic (\d+)\.(\d+)\.(\d+)", output)
        version = tuple(int(part) for part in match.groups()) if match else (0,)
        if version[:2] < OLDEST:
            raise ResticTooOld(f"{output.strip() or self.binary} is too old: 0.17 or newer is needed. Install it.")
        return version

    def open(self) -> str:
        """The repository's id.

        :raises RepositoryMissing: WrongPassword, RepositoryUnreachable: as they say
        """
        return self.config()["id"]

    def config(self) -> dict[str, str]:
        """What the repository was made with: `id`, and `chunker_polynomial`, by which it cuts files."""
        config = self.execute(["cat", "config"], lock=False, timeout=self.limits.opening)
        return {name: str(value) for name, value in json.loads(config.stdout).items()}

    def init(self) -> None:
        """Create the repository. Only on a person's word."""
        self.execute(["init"], timeout=self.limits.opening)

    def backup_command(
        self, argv: Sequence[str], filename: str, *, at: datetime, tags: Sequence[str], env: Mapping[str, str],
        secrets: Mapping[str, str], progress: Progress,
    ) -> Saved:  # fmt: skip
        """Save a program's output as one file. If the program fails, restic saves nothing.

        The program must be a single process: of a shell pipe only the last exit code would be seen.

        :param filename: path of that file in the snapshot
        :param at: the moment of the data, so that parts of one backup fall on one day for the retention
        :param env: and `secrets`: the program's own environment
        :raises SourceUnreadable: if the program failed or gave nothing
        """
        source = ["--stdin-from-command", "--stdin-filename", filename]
        return self._backup(source, ["--", *argv], at, tags, progress, env=env, secrets=secrets)

    def backup_folder(self, folder: Path, *, at: datetime, tags: Sequence[str], progress: Progress) -> Saved:
        """Save a folder with all below it.

        :raises SourceUnreadable: if a file cannot be read
        """
        return self._backup([], ["--", str(folder)], at, tags, progress)

    def backup_bytes(self, content: bytes, filename: str, *, at: datetime, tags: Sequence[str]) -> Saved:
        """Save some bytes as one file."""
        source = ["--stdin", "--stdin-filename", filename]
        return self._backup(source, [], at, tags, Progress(filename), stdin=content)

    def snapshots(self, *tags: str) -> list[Snapshot]:
        """The snapshots that carry all these tags, of whatever host name, oldest first."""
        argv = ["snapshots", *(["--tag", ",".join(tags)] if tags else [])]
        found = json.loads(self.execute(argv, lock=False, timeout=self.limits.opening).stdout or "[]")
        return sorted((snapshot_of(record) for record in found or []), key=lambda s: s.time)

    def forget(self, ids: Sequence[str]) -> None:
        """Remove exactly these snapshots from the list; their data goes with the next prune."""
        if ids:
            self.execute(["forget", *ids], timeout=self.limits.opening)

    def prune(self) -> None:
        """Remove data that no snapshot needs."""
        self.execute(["prune"])

    def check(self, *, read_data: bool = False) -> None:
        """Check the repository's structure, or with `read_data` every byte of it.

        :raises RepositoryDamaged: if something is missing or wrong
        """
        self.execute(["check", *(["--read-data"] if read_data else [])])

    def repair_index(self) -> None:
        """Rebuild the index from the packs. Loses nothing."""
        self.execute(["repair", "index"])

    def restore(
        self, snapshot: str, path: str, target: Path, progress: Progress, *, stop: threading.Event | None = None,
        only: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """Write what a snapshot (by id, never "latest") holds below `path` into the folder `target`.

        :param only: a few files, by their paths below `path`, with a slash before each; none for all
        """
        argv = ["restore", f"{snapshot}:{path}", "--target", str(target), *(f"--include={name}" for name in only)]
        self.execute([*argv, *progress.options], progress=progress, stop=stop)

    def dump(self, snapshot: str, filename: str) -> bytes:
        """The bytes of one small text file of a snapshot."""
        return self.execute(["dump", snapshot, filename], as_json=False).stdout.encode()

    def repository_bytes(self) -> int:
        """What the snapshots take in the repository, compressed."""
        return int(json.loads(self.execute(["stats", "--mode", "raw-data"]).stdout)["total_size"])

    def locks(self) -> list[Lock]:
        """The locks in the repository, whoever holds them."""
        found = []
        for name in self.execute(
            ["list", "locks"], lock=False, as_json=False, timeout=self.limits.opening
        ).stdout.split():
            try:
                content = self.execute(
                    ["cat", "lock", name], lock=False, as_json=False, timeout=self.limits.opening
                ).stdout
            except ResticFailed:
                # it was released between the two calls
                continue
            record = json.loads(content)
            held = (moment_of(record["time"]), record["hostname"], int(record["pid"]), bool(record.get("exclusive")))
            found.append(Lock(name, *held))
        return found

    def remove_all_locks(self) -> None:
        """Remove every lock. Only when all holders are known to be dead."""
        self.execute(["unlock", "--remove-all"], timeout=self.limits.opening)

    def keys(self) -> dict[str, bool]:
        """Key id to whether it is the one our password opens."""
        records = json.loads(self.execute(["key", "list"], lock=False, timeout=self.limits.opening).stdout)
        return {record["id"]: bool(record["current"]) for record in records}

    def current_key(self) -> str:
        """The id of the key that our password opens."""
        return next((key for key, current in self.keys().items() if current), "")

    def key_created(self) -> datetime | None:
        """When the key that our password opens was made; None if restic does not say."""
        records = json.loads(self.execute(["key", "list"], lock=False, timeout=self.limits.opening).stdout)
        created = next((str(record["created"]) for record in records if record["current"]), "")
        try:
            # local time, by restic's own format
            return datetime.strptime(created, "%Y-%m-%d %H:%M:%S").astimezone()
        except ValueError:
            return None

    def key_add(self, password_file: Path) -> None:
        """Let another password open the repository too."""
        self.execute(["key", "add", "--new-password-file", str(password_file)], as_json=False)

    def key_remove(self, key: str) -> None:
        """Take a key's right away. restic refuses the current one."""
        self.execute(["key", "remove", key], as_json=False)

    def _backup(
        self, source: list[str], rest: list[str], at: datetime, tags: Sequence[str], progress: Progress,
        *, stdin: bytes = b"", env: Mapping[str, str] | None = None, secrets: Mapping[str, str] | None = None,
    ) -> Saved:  # fmt: skip
        moment = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        argv = ["backup", "--host", self.host, "--tag", ",".join(tags), "--time", moment, *source, *rest]
        # --time is read in local time
        utc = {"TZ": "UTC", **(env or {})}
        finished = self.execute(argv, progress=progress, stdin=stdin, env=utc, secrets=secrets)
        summary = progress.summary
        if not summary.get("snapshot_id"):
            raise error_of("backup", self.where, finished)
        return Saved(
            id=summary["snapshot_id"],
            processed=int(summary["total_bytes_processed"]),
            added=int(summary.get("data_added_packed", summary["data_added"])),
            files=int(summary["total_files_processed"]),
            seconds=finished.seconds,
        )

    def execute(
        self, argv: list[str], *, lock: bool = True, as_json: bool = True, timeout: float | None = None,
        progress: Progress | CopyProgress | None = None, stdin: bytes = b"", env: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None, hide: Sequence[str] = (), stop: threading.Event | None = None,
        about: str = "",
    ) -> Finished:  # fmt: skip
        """Run one command on the repository to its end; the methods above say what of it.

        :param about: the repositories that its errors name, if they may be about another one too
        """
        flags = {"--json": as_json, "--no-lock": not lock, "--no-cache": not self.cached}
        words = [self.binary, *(flag for flag, wanted in flags.items() if wanted), *argv]
        own = {"RESTIC_REPOSITORY": self.repository, "RESTIC_PROGRESS_FPS": "1", **self.env}
        if self.cache:
            own["RESTIC_CACHE_DIR"] = str(self.cache)
        try:
            finished = run(
                words,
                timeout=timeout or self.limits.whole,
                env={**own, **(env or {})},
                secrets={**self.secrets, **(secrets or {})},
                hide=[*self.hide, *hide, *passwords_in(self.repository)],
                stdin=stdin,
                stall=self.limits.stall if progress else None,
                on_line=progress.take if progress else None,
                grace=self.limits.grace,
                stop=stop,
            )
        except (ProgramTimeout, ProgramStalled) as error:
            raise unanswered(argv[0], about or self.where, str(error)) from None
        if finished.returncode:
            raise self._judged(argv[0], about or self.where, finished)
        return finished

    def _judged(self, verb: str, where: str, finished: Finished) -> OfitecError:
        """The error of a failed restic. What it names as missing counts as damage if a listing does not have it."""
        error = error_of(verb, where, finished)
        if verb not in READERS or isinstance(error, RepositoryDamaged):
            return error
        lost = []
        for kind, names in sorted(named(finished).items()):
            try:
                there = self.execute(
                    ["list", kind], lock=False, as_json=False, timeout=self.limits.opening
                ).stdout.split()
            except OfitecError:
                # the storage does not say what it has: nothing is learnt
                return error
            lost += [f"{kind} {name[:10]}" for name in sorted(names) if not any(id_.startswith(name) for id_ in there)]
        return gone(verb, self.where, finished, lost) if lost else error


def passwords_in(repository: str) -> list[str]:
    """The password of an address like rest:https://user:password@host/, as written and as meant."""
    written = [info.partition(":")[2] for info in _USERINFO.findall(repository)]
    return [form for word in written if word for form in (word, unquote(word))]
