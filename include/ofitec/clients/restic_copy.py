"""Copies snapshots from one restic repository into another, each with its own password and its own storage's keys.

restic reads the source's address and password from RESTIC_FROM_REPOSITORY and RESTIC_FROM_PASSWORD(_FILE), but the keys
of a storage from the same variables for both. Where two repositories need two values of one variable, the source is
reached in another way: on a REST server by its address, on S3 through rclone (restic's documentation, "Working with
repositories", note to *copy*: https://restic.readthedocs.io/en/stable/045_working_with_repos.html).
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from ofitec.clients.restic import Restic, passwords_in
from ofitec.clients.restic_progress import CopyProgress
from ofitec.errors import InputError

_REMOTE = "ofitecfrom"
_REST = ("RESTIC_REST_USERNAME", "RESTIC_REST_PASSWORD")


@dataclass(frozen=True)
class _Source:
    """How a restic that works on the target reaches the source."""

    env: dict[str, str]
    secrets: dict[str, str] = field(repr=False)
    hide: list[str] = field(default_factory=list, repr=False)


def init_like(target: Restic, source: Restic) -> None:
    """Create the target with the source's chunker parameters, so that equal data are stored once in it as well. Only on
    a person's word."""
    _run(target, source, ["init", "--copy-chunker-params"], timeout=target.limits.opening)


def copy(target: Restic, source: Restic, snapshots: Sequence[str], what: str) -> None:
    """Copy snapshots, by their ids. What of them is in the target already is not read again.

    restic skips an id that the source does not have, without an error: look at what arrived. The source is not locked
    (it is only read), so a night there is not held up; should it prune meanwhile, the copy fails and is tried again.

    :param what: how the log names them
    :raises CopyDamaged: if data are wrong or missing
    :raises OfitecError: as the storages and the target say
    """
    _run(target, source, ["copy", "--no-lock", *snapshots], progress=CopyProgress(what))


def require_reachable(target: Restic, source: Restic) -> None:
    """Make sure that one restic can reach both.

    :raises InputError: if it cannot, and what to do
    """
    _reached(target, source)


def _run(
    target: Restic, source: Restic, argv: list[str], *, timeout: float | None = None,
    progress: CopyProgress | None = None,
) -> None:  # fmt: skip
    way = _reached(target, source)
    target.execute(
        argv, as_json=False, timeout=timeout, progress=progress, env=way.env, secrets=way.secrets, hide=way.hide,
        about=f"{source.where} or {target.where}",
    )  # fmt: skip


def _reached(target: Restic, source: Restic) -> _Source:
    own, others = _storage(source), _storage(target)
    env = {"RESTIC_FROM_REPOSITORY": source.repository}
    secrets: dict[str, str] = {}
    hide = [*source.hide, *passwords_in(source.repository)]
    for name in ("RESTIC_PASSWORD", "RESTIC_PASSWORD_FILE"):
        for given, taken in ((source.env, env), (source.secrets, secrets)):
            if name in given:
                taken[name.replace("RESTIC_", "RESTIC_FROM_", 1)] = given[name]
    kind = _kind(source.repository)
    same_storage = kind == _kind(target.repository)
    if not (same_storage and own != others) and all(others.get(name, value) == value for name, value in own.items()):
        return _Source(env, {**secrets, **own}, hide)
    if kind == "rest" and set(own) == set(_REST):
        env["RESTIC_FROM_REPOSITORY"] = _with_user(source.repository, *(own[name] for name in _REST))
        return _Source(env, secrets, [*hide, own[_REST[1]]])
    if kind == "s3" and {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} <= own.keys():
        plain, keys = _through_rclone(source.repository, own)
        return _Source({**env, **plain}, {**secrets, **keys}, hide)
    raise InputError(
        f"{source.where} and {target.where} need different values of the same variables of restic's storage "
        f"({', '.join(sorted(own.keys() | others.keys()))}), and one restic takes one of each. Give both the same "
        "account, or put the second repository on a storage of another kind."
    )


def _storage(restic: Restic) -> dict[str, str]:
    given = {**restic.env, **restic.secrets}
    return {name: value for name, value in given.items() if not name.startswith("RESTIC_PASSWORD")}


def _kind(repository: str) -> str:
    name, colon, _ = repository.partition(":")
    return name if colon and "/" not in name else "local"


def _with_user(repository: str, user: str, password: str) -> str:
    return repository.replace("://", f"://{quote(user, safe='')}:{quote(password, safe='')}@", 1)


def _through_rclone(repository: str, keys: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Environment, plain and secret, in which restic reaches a repository on S3 by rclone with keys of its own.

    :raises InputError: if there is no rclone
    """
    if shutil.which("rclone") is None:
        raise InputError(
            "Both repositories are on S3 with different keys, and restic takes one pair for both: install rclone on "
            "the workers of the queue ops (Debian package rclone), or give one pair that may read the first and write "
            "the second."
        )
    address = repository.removeprefix("s3:").removeprefix("//")
    address = address if "://" in address else f"https://{address}"
    parts = urlsplit(address)
    remote = f"RCLONE_CONFIG_{_REMOTE.upper()}_"
    plain = {
        "RESTIC_FROM_REPOSITORY": f"rclone:{_REMOTE}:{parts.path.strip('/')}",
        "RCLONE_CONFIG": "/dev/null",  # nothing of a person's own
        f"{remote}TYPE": "s3",
        f"{remote}PROVIDER": "AWS" if (parts.hostname or "").endswith("amazonaws.com") else "Other",
        f"{remote}ENDPOINT": f"{parts.scheme}://{parts.netloc}",
        f"{remote}ENV_AUTH": "false",  # the environment holds the target's keys
        f"{remote}NO_CHECK_BUCKET": "true",
    }
    if region := keys.get("AWS_DEFAULT_REGION"):
        plain[f"{remote}REGION"] = region
    secret = {
        f"{remote}ACCESS_KEY_ID": keys["AWS_ACCESS_KEY_ID"],
        f"{remote}SECRET_ACCESS_KEY": keys["AWS_SECRET_ACCESS_KEY"],
    }
    if token := keys.get("AWS_SESSION_TOKEN"):
        secret[f"{remote}SESSION_TOKEN"] = token
    return plain, secret
