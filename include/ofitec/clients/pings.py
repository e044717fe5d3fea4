"""The client of a dead man's switch outside: healthchecks.io or a Healthchecks of one's own; connection `ping_default`.

Its address with the ping key is a capability: whoever has it may say that all is well. So the key is a connection's
password, requests carry no body, and no error, log line or exception of ours holds the address.

Source of the addresses: https://healthchecks.io/docs/http_api/ (`/start`, `/fail`, `/log`, `rid`),
https://healthchecks.io/docs/slug_urls and https://healthchecks.io/docs/autoprovisioning (`create=1`).
"""

from http.client import HTTPException
from typing import TYPE_CHECKING, Literal
from urllib.error import HTTPError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import Request, urlopen
from uuid import UUID

from ofitec.errors import InputError, OfitecError, PermanentError, TransientError

if TYPE_CHECKING:
    from airflow.sdk import Connection

Signal = Literal["start", "success", "fail", "log"]

PUBLIC = "https://hc-ping.com"
_ATTEMPTS = 3
_TIMEOUT = 5.0  # seconds for each answer of the network: a callback waits for it
_PATIENCE = 15.0  # seconds after which no further attempt begins


class PingFailed(TransientError):
    """The dead man's switch does not answer."""


class PingRefused(PermanentError):
    """The dead man's switch answered, and did not take the signal.

    :param status: of HTTP; 404: no such ping key or check, 409: two checks have that slug
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def ping(conn: "Connection", slug: str, signal: Signal, *, rid: UUID | None = None, create: bool = True) -> None:
    """Send one signal about a check. A broken connection, 429 and 5xx are tried again, at most twice.

    :param slug: the check's, of a-z 0-9 - _
    :param rid: what ties a run's start to its end
    :param create: whether a check that is not there is made
    :raises InputError: if the connection lacks the key or has another address than http:// or https://
    :raises PingRefused: if it was not taken
    :raises PingFailed: if nobody took it in the end
    """
    from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, stop_after_delay, wait_exponential

    url = _url(conn, slug, signal, rid, create)
    retrying = Retrying(
        stop=stop_after_attempt(_ATTEMPTS) | stop_after_delay(_PATIENCE),
        wait=wait_exponential(multiplier=0.5, max=2),
        retry=retry_if_exception_type(PingFailed),
        reraise=True,
    )
    retrying(_get, url, slug)


def _url(conn: "Connection", slug: str, signal: Signal, rid: UUID | None, create: bool) -> str:
    base = str(conn.host or PUBLIC).rstrip("/")
    base = base if "://" in base else f"https://{base}"
    # of others urllib knows file: too
    if urlsplit(base).scheme not in ("http", "https") or not urlsplit(base).hostname:
        raise InputError("Connection ping_default: its host must be an address like https://hc-ping.com.")
    if not conn.password:
        raise InputError("Connection ping_default lacks its password: the ping key of the project in Healthchecks.")
    port = f":{conn.port}" if conn.port and not urlsplit(base).port else ""
    path = f"/{quote(conn.password.strip(), safe='')}/{slug}" + ("" if signal == "success" else f"/{signal}")
    asked = {**({"create": "1"} if create else {}), **({"rid": str(rid)} if rid else {})}
    return f"{base}{port}{path}" + (f"?{urlencode(asked)}" if asked else "")


def _get(url: str, slug: str) -> None:
    """One attempt. urllib, because it logs nothing; other libraries log the whole address."""
    error: OfitecError
    try:
        with urlopen(Request(url, headers={"User-Agent": "ofitec-ops"}), timeout=_TIMEOUT) as answer:  # noqa: S310
            answer.read(100)
            return
    except HTTPError as refused:
        error = _answered(refused.code, slug)
        refused.close()
    except (OSError, HTTPException, ValueError) as failed:
        # their text may hold the address
        error = PingFailed(
            f"The dead man's switch cannot be reached for {slug} ({type(failed).__name__}). Check connection "
            "ping_default and the way out."
        )
    raise error


def _answered(status: int, slug: str) -> OfitecError:
    if status == 429 or status >= 500:
        return PingFailed(f"The dead man's switch answered {status} for {slug}. It is tried again with the next run.")
    hint = {
        404: "it has no such ping key, or no such check. Compare the key of connection ping_default.",
        409: "several checks have this slug: rename all but one.",
    }.get(status, "Check connection ping_default.")
    return PingRefused(f"The dead man's switch answered {status} for {slug}: {hint}", status)
