"""The application that the plugin mounts at /ofitec in Airflow's API server: the board and the metrics."""

import logging
from typing import Annotated

from fastapi import BackgroundTasks, FastAPI, Header, HTTPException, Request, Response
from fastapi.exception_handlers import http_exception_handler
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from ofitec.board import access, metrics, page
from ofitec.board.facts import collect
from ofitec.board.language import language
from ofitec.clients import alertmanager
from ofitec.clients.alertmanager import Firing
from ofitec.f29 import standing
from ofitec.settings import settings

_POLICY = (
    "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)

_PATIENCE = 3.0  # seconds that a page waits for Odoo; then it shows the last reading and its age

log = logging.getLogger(__name__)

app = FastAPI(title="OFITEC ops", docs_url=None, redoc_url=None, openapi_url=None)


@app.get("/metrics", dependencies=[access.metrics_token])
def read_metrics(background: BackgroundTasks) -> Response:
    """Prometheus' scrape. Where the F29s stand is renewed after the answer, so that a slow Odoo delays no scrape."""
    background.add_task(standing.refresh)
    return Response(metrics.render(collect()), media_type=CONTENT_TYPE_PLAIN_0_0_4)


@app.get("/board", dependencies=[access.airflow_user])
def show_board(lang: str = "", accept_language: Annotated[str, Header()] = "") -> HTMLResponse:
    """The board, for whoever is logged in to Airflow. Odoo is asked first if nobody has asked it of late."""
    standing.refresh_within(_PATIENCE)
    chosen = settings()
    html, nonce = page.render(collect(), _firing(chosen.alertmanager_url), language(lang, accept_language), chosen)
    return _page(html, nonce)


def _page(html: str, nonce: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(
        html,
        status,
        headers={
            "Content-Security-Policy": _POLICY.format(nonce=nonce),
            "Cache-Control": "no-store",
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
            "Vary": "Accept-Language, Cookie",
        },
    )


def _firing(url: str) -> list[Firing] | None:
    if not url:
        return None
    try:
        return alertmanager.firing(url)
    except alertmanager.AlertmanagerDown as error:
        log.warning("The board cannot say what fires: %s", error)
        return None


@app.exception_handler(HTTPException)
async def _refused(request: Request, error: HTTPException) -> Response:
    """A person's browser without a session is sent to Airflow's login, and from there back to the board."""
    if error.status_code == 401 and _wants_page(request):
        return RedirectResponse(access.login_address(str(request.url)), status_code=303)
    if error.status_code == 403 and _wants_page(request):
        return _page(*page.apology("forbidden", _language(request)), 403)
    return await http_exception_handler(request, error)


@app.exception_handler(Exception)
async def _broken(request: Request, error: Exception) -> Response:
    """What nobody foresaw: the server's log has the traceback, and a person gets a sentence in their language."""
    if _wants_page(request):
        return _page(*page.apology("broken", _language(request)), 500)
    return PlainTextResponse("Internal Server Error", 500)


def _wants_page(request: Request) -> bool:
    return request.url.path.endswith("/board") and "text/html" in request.headers.get("accept", "")


def _language(request: Request) -> str:
    return language(request.query_params.get("lang", ""), request.headers.get("accept-language", ""))
