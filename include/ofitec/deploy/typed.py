"""What a person typed into the form of a deploy or a rollback, answered in their language before anything is touched.

The forms hold no patterns: Airflow answers those with its schema. What the host accepts, it checks again itself.
"""

import re
from typing import Any

from ofitec.deploy.hours import Hours
from ofitec.errors import InputError
from ofitec.settings import settings

_IMAGE = re.compile(r"[a-z0-9][\w.\-:/]*(@sha256:[0-9a-f]{64}|:[\w.\-]+)")
_MODULE = re.compile(r"[a-z0-9_]+")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")


def check(params: dict[str, Any]) -> None:
    """Refuse what cannot be meant.

    :raises InputError: one sentence: which field, what it should hold
    """
    if "image" in params:
        _image(str(params["image"] or "").strip())
    for name in params.get("modules") or []:
        if not _MODULE.fullmatch(name):
            raise InputError(
                f"El módulo {name!r} no puede existir. Escriba su nombre técnico, uno por línea, por ejemplo l10n_cl."
            )
    if params.get("hours"):
        Hours.parse(params["hours"], settings().zone)
    since = params.get("discard_writes_since")
    if since and not _MOMENT.fullmatch(since):
        raise InputError(
            f"{since!r} no es un momento. Copie el que indica el error, por ejemplo 2026-11-24T22:10:07+00:00."
        )


def _image(image: str) -> None:
    if image.endswith(":latest"):
        raise InputError(f"{image} puede ser otra imagen mañana. Escriba su digest, o la etiqueta de una construcción.")
    if not _IMAGE.fullmatch(image):
        raise InputError(
            f"La imagen {image!r} no es válida. Escríbala como registro/nombre@sha256:... o registro/nombre:etiqueta."
        )
