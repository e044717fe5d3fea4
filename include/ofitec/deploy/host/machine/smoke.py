"""Does a colour of Odoo work: its login page, a login, a read. Through the proxy, by the operators' door."""

import json
import time
import urllib.error
import urllib.request
from typing import Any

from ofitec.deploy.host.machine.engine import Engine
from ofitec.deploy.host.record.home import Home
from ofitec.errors import PermanentError

_TIMEOUT = 20.0  # seconds for one answer


class SmokeFailed(PermanentError):
    """A colour does not work as users need it."""


def wait_until_works(engine: Engine, service: str, colour: str, database: str) -> float:
    """Wait until a colour's login page answers, then log in and read; returns the seconds it took.

    `/web/health` is not asked: it was seen to pass while the login page failed.

    :raises SmokeFailed: if the container ended, the page did not come in time, or the login or the read failed
    """
    begun = time.monotonic()
    limit = engine.home.seconds("OFITEC_BOOT_SECONDS")
    checked = begun
    while (answer := _login_page(engine.home, colour)) != "200":
        moment = time.monotonic()
        if moment - checked > 1:
            checked = moment
            if why := engine.crashed(service):
                raise SmokeFailed(f"The new Odoo did not come up: {why}")
        if moment - begun > limit:
            raise SmokeFailed(
                f"The login page of {service} gave no 200 within {limit:.0f} s (last: {answer}). "
                f"Its last words: {engine.last_words(service)}"
            )
        time.sleep(0.15)
    check(engine.home, colour, database)
    return time.monotonic() - begun


def check(home: Home, colour: str, database: str) -> None:
    """Log in and read one record.

    :raises SmokeFailed: with what went wrong
    """
    page = _login_page(home, colour)
    if page != "200":
        raise SmokeFailed(f"The login page of {colour} answered {page} in place of 200.")
    login = home.settings["ODOO_SMOKE_LOGIN"]
    secret = (home.secrets / "odoo_smoke_password").read_text().strip()
    user = _rpc(home, colour, "common", "authenticate", [database, login, secret, {}])
    if not user:
        raise SmokeFailed(
            f"Odoo refused the login of the smoke user {login!r} in database {database}. "
            "Check ODOO_SMOKE_LOGIN and secrets/odoo_smoke_password."
        )
    arguments = [database, user, secret, "res.partner", "search_read", [[]], {"fields": ["id"], "limit": 1}]
    rows = _rpc(home, colour, "object", "execute_kw", arguments)
    if not rows:
        raise SmokeFailed(f"Database {database} answered a read of res.partner with {rows!r} in place of a record.")


def _login_page(home: Home, colour: str) -> str:
    """The status of the login page, or what happened in place of one."""
    try:
        with urllib.request.urlopen(_request(home, colour, "/web/login"), timeout=_TIMEOUT) as answer:  # noqa: S310
            answer.read()
            return str(answer.status)
    except urllib.error.HTTPError as error:
        return str(error.code)
    except OSError as error:
        return type(error).__name__


def _rpc(home: Home, colour: str, service: str, method: str, args: list[Any]) -> Any:
    body = {"jsonrpc": "2.0", "method": "call", "params": {"service": service, "method": method, "args": args}}
    request = _request(home, colour, "/jsonrpc")
    request.data = json.dumps(body).encode()
    request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as reply:  # noqa: S310 - http to loopback only
            answer = json.load(reply)
    except (OSError, ValueError) as error:
        raise SmokeFailed(f"{service}.{method} of {colour} failed: {error}.") from None
    if "error" in answer:
        data = answer["error"].get("data", {})
        # never the arguments: they hold the password
        raise SmokeFailed(f"{service}.{method} of {colour} failed in Odoo: {data.get('name')}: {data.get('message')}")
    return answer.get("result")


def _request(home: Home, colour: str, path: str) -> urllib.request.Request:
    port = home.settings["OFITEC_OPERATORS_PORT"]
    return urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"X-OFITEC-Colour": colour})
