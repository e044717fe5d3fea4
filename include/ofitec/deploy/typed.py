"""What a person typed into the form of a deploy or a rollback, answered in their language before anything is touched.

The forms hold no patterns: Airflow answers those with its schema. What the host accepts, it checks again itself.
"""

import re

from ofitec.deploy.hours import Hours
from ofitec.errors import InputError
from ofitec.settings import settings

_IMAGE = re.compile(r"[a-z0-9][\w.\-:/]*(@sha256:[0-9a-f]{64}|:[\w.\-]+)")
_MODULE = re.compile(r"[a-z0-9_]+")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")


def deploy(image: str, modules: list[str], hours: str) -> None:
    """Refuse what cannot be meant.

    :raises InputError: one sentence: which field, what it should hold
    """
    _image(image)
    for name in modules:
        if not _MODULE.fullmatch(name):
            raise InputError(
                f"El módulo {name!r} no puede existir. Escriba su nombre técnico, uno por línea, por ejemplo l10n_cl."
            )
    if hours:
        Hours.parse(hours, settings().zone)


def rollback(discard_since: str) -> None:
    """The same for the way back.

    :raises InputError: one sentence: what the field should hold
    """
    if discard_since and not _MOMENT.fullmatch(discard_since):
        raise InputError(
            f"{discard_since!r} no es un momento. Copie el que indica el error, por ejemplo 2026-11-24T22:10:07+00:00."
        )


def _image(image: str) -> None:
    if image.endswith(":latest"):
        raise InputError(f"{image} puede ser otra imagen mañana. Escriba su digest, o la etiqueta de una construcción.")
    if not _IMAGE.fullmatch(image):
        raise InputError(
            f"La imagen {image!r} no es válida. Escríbala como registro/nombre@sha256:... o registro/nombre:etiqueta."
        )
