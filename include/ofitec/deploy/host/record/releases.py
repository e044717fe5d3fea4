"""The release record of the host: what serves now, what served before, where its database is kept."""

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from ofitec.deploy.host.record.home import Home
from ofitec.errors import PermanentError
from ofitec.whole_file import write_whole

_REMEMBERED = 50


@dataclass(frozen=True)
class Release:
    """One version that served.

    `kept_database` is the database as it was before this release, if it made a new one (MIGRATE); `sources` are the
    hashes of its add-ons, to see what a later image changes.
    """

    run: str
    image: str
    colour: str
    mode: str
    at: str
    who: str
    kept_database: str = ""
    kept_oid: int = 0
    sources: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """Releases, the newest last."""

    releases: tuple[Release, ...] = ()

    @property
    def current(self) -> Release:
        """What serves.

        :raises PermanentError: if nothing was ever released here
        """
        if not self.releases:
            raise PermanentError("Nothing was ever released on this host. Start it with `init --image ...`.")
        return self.releases[-1]

    @property
    def previous(self) -> Release:
        """What served before.

        :raises PermanentError: if there is none
        """
        if len(self.releases) < 2:
            raise PermanentError("This host has no release before the current one: there is nothing to go back to.")
        return self.releases[-2]


def _file(home: Home) -> Path:
    return home.state / "releases.json"


def load(home: Home) -> Record:
    """The record; empty on a new host."""
    try:
        entries = json.loads(_file(home).read_text())
    except FileNotFoundError:
        return Record()
    return Record(tuple(Release(**entry) for entry in entries))


def add(home: Home, release: Release) -> None:
    """Make a release the current one. Adding the same run again changes nothing."""
    known = load(home).releases
    if any(entry.run == release.run for entry in known):
        return
    _save(home, (*known, release)[-_REMEMBERED:])


def move(home: Home, colour: str) -> None:
    """The current release serves from another colour: the same release, so that a rollback leads where it led."""
    known = load(home)
    _save(home, (*known.releases[:-1], replace(known.current, colour=colour)))


def _save(home: Home, releases: tuple[Release, ...]) -> None:
    # the hashes of all add-ons are large and matter for the two newest only
    slim = [asdict(entry) | ({"sources": {}} if n < len(releases) - 2 else {}) for n, entry in enumerate(releases)]
    write_whole(_file(home), json.dumps(slim, indent=1), mode=0o644)
