"""Registers the OFITEC board in Airflow: its pages at /ofitec, and its entry in the navigation."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin


async def board(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[Any]],
    send: Callable[[Any], Awaitable[None]],
) -> None:
    """The board's application, imported on its first request: every Airflow process loads plugins, one serves pages."""
    from ofitec.board.app import app

    await app(scope, receive, send)


class OfitecBoard(AirflowPlugin):
    """The board and its metrics; all logic is in `ofitec.board`."""

    name = "ofitec_board"
    fastapi_apps: ClassVar[list[dict[str, Any]]] = [{"app": board, "url_prefix": "/ofitec", "name": "OFITEC"}]
    external_views: ClassVar[list[dict[str, Any]]] = [
        {
            "name": "OFITEC",
            "href": "/ofitec/board",
            # shown in Airflow's frame: 3.3 draws an entry without a route as a button that leads nowhere
            "url_route": "ofitec",
            "destination": "nav",
            "nav_top_level": True,
        }
    ]
