"""Who may read: the board, whoever is logged in to Airflow and may see its pages; the metrics, who holds the token.

Airflow does not protect the applications of plugins: each route here names its own guard.
"""

import hmac
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import AccessView
from airflow.api_fastapi.core_api.security import requires_access_view
from fastapi import Depends, Header, HTTPException

from ofitec.settings import settings

airflow_user = Depends(requires_access_view(AccessView.WEBSITE))


def login_address(back_to: str) -> str:
    """Airflow's login page, whichever auth manager is in use, and where to return to from it."""
    return f"{get_auth_manager().get_url_login()}?{urlencode({'next': back_to})}"


def _metrics_token(authorization: Annotated[str, Header()] = "") -> None:
    """Compare the request's bearer token with the file's, which is read each time: a new token needs no restart."""
    file = settings().metrics_token_file
    token = _read(file) if file is not None else ""
    if not token:
        raise HTTPException(503, "No metrics token: set OFITEC_METRICS_TOKEN_FILE to a file that holds one.")
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
        raise HTTPException(
            401, "The metrics need the bearer token of OFITEC_METRICS_TOKEN_FILE.", {"WWW-Authenticate": "Bearer"}
        )


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


metrics_token = Depends(_metrics_token)
