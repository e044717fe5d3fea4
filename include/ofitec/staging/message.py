"""What people are told of the staging copy, in Spanish."""

from collections.abc import Sequence
from datetime import datetime

from ofitec import words
from ofitec.backup import message as backup_message
from ofitec.notify.blocks import facts, header, message, section
from ofitec.notify.escape import Message, code, escape
from ofitec.settings import settings
from ofitec.words import counted

_SENTENCES = {
    "UnknownColumns": "Hay columnas que parecen tener datos de personas y ninguna regla que las enmascare. La copia de "
    "hoy se borró; si había una de antes, sigue en pie.",
    "StagingInUse": "La copia de pruebas que está en pie está en uso, y no se pudo reemplazar ni quitar.",
    "CopyNotWhatWasSaved": "Lo restaurado no es lo que se guardó, y no se usó como copia de pruebas. Si había una de "
    "antes, sigue en pie.",
    "NotOurs": "Ya hay una base con el nombre de la copia de pruebas que este sistema no hizo. No se tocó.",
}
KILLED = (
    "La ejecución fue interrumpida antes de terminar (el equipo o el proceso se detuvo). Si había una copia de pruebas "
    "en pie, sigue habiendo una, completa: la de antes o la de hoy."
)
_SHOWN = 10


def sentence(error: BaseException) -> str:
    """What an error means, for people."""
    if not isinstance(error, Exception):
        return KILLED
    return _SENTENCES.get(type(error).__name__) or backup_message.sentence(error)


def first(database: str, snapshot_at: datetime, url: str) -> Message:
    """The first copy that ever stood: what it is, and how to get in."""
    meaning = (
        "Desde ahora hay cada mañana una copia de Odoo para probar: sin correos, pagos ni tareas programadas, con los "
        "nombres, RUT, correos, teléfonos y cuentas cambiados por otros. Los montos son los de verdad, así que el F29 "
        "da lo mismo. Se entra como `admin`, o como `usuario` y el número del usuario, con la clave de la conexión "
        "`odoo_staging`."
    )
    known = [("Base", code(database)), ("Datos del", words.moment(snapshot_at, settings().zone, year=True))]
    known += [("Dirección", escape(url))] if url else []
    title = "🟢 La copia de pruebas de Odoo está en pie"
    return message(f"{title}. {meaning}", [header(title), section(meaning), facts(known)])


def unruled(findings: Sequence[str]) -> Message:
    """Columns that look like people's data and have no rule: they are in the copy as they are in production."""
    names = ", ".join(code(finding) for finding in findings[:_SHOWN])
    more = f" y {len(findings) - _SHOWN} más" if len(findings) > _SHOWN else ""
    meaning = (
        f"En la copia de pruebas hay {counted(len(findings), 'columna')} sin regla que parecen tener datos de "
        f"personas: {names}{more}. Están tal como en producción. Escriba una regla para cada una (archivo de "
        "`OFITEC_STAGING_RULES`); con `OFITEC_STAGING_UNKNOWN=refuse` una copia así no se publica."
    )
    title = "🟡 La copia de pruebas tiene columnas sin regla"
    return message(f"{title}. {meaning}", [header(title), section(meaning)])
