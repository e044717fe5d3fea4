"""Registers the OFITEC board in Airflow: its pages at /ofitec, and its entry in the navigation.

Every Airflow process loads plugins: nothing heavy is imported here.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin


async def board(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[Any]],
    send: Callable[[Any], Awaitable[None]],
) -> None:
    """The board's application, imported on its first request: one process of many serves pages."""
    from ofitec.board.app import app

    await app(scope, receive, send)


def below_airflow(path: str) -> str:
    """The path as a browser must ask for it, also when Airflow is served below a sub-path (/airflow)."""
    return urlsplit(conf.get("api", "base_url", fallback="") or "").path.rstrip("/") + path


_VIEW = {
    "name": "OFITEC",
    "href": below_airflow("/ofitec/board"),
    # shown in Airflow's frame: 3.3 draws an entry without a route as a button that leads nowhere
    "url_route": "ofitec",
    "destination": "nav",
    "nav_top_level": True,
}
_APPS = [{"app": board, "url_prefix": "/ofitec", "name": "OFITEC"}]
_VIEWS = [_VIEW]


class OfitecBoard(AirflowPlugin):
    """The board and its metrics."""

    name = "ofitec_board"
    fastapi_apps = _APPS
    external_views = _VIEWS
