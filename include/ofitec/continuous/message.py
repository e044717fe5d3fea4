"""What people are told of the continuous backup, in Spanish. A sentence is true in every case of its error."""

from collections.abc import Sequence

from ofitec.backup import message as backup_message
from ofitec.notify.blocks import facts, header, message, section
from ofitec.notify.escape import Message, code, escape
from ofitec.words import counted

_SENTENCES = {
    "ArchiveAway": "El almacenamiento del WAL no responde o no está en su lugar. PostgreSQL guarda en su disco lo que "
    "no puede enviar: que no se llene.",
    "ArchiveEmpty": "En el almacenamiento del WAL no hay un archivo de este servidor. Revise la dirección y si su "
    "disco está montado; solo si nunca hubo uno, créelo.",
    "ArchiveKeyWrong": "La frase de la conexión no abre el archivo del WAL.",
    "ArchiveRefused": "El almacenamiento del WAL no acepta nuestras credenciales, o no permite lo que hace falta.",
    "ArchiveFull": "No queda espacio donde se guarda el WAL. PostgreSQL guarda en su disco lo que no puede enviar: que "
    "no se llene.",
    "ArchiveOfOther": "El archivo del WAL es de otro servidor PostgreSQL: del de Odoo no se está guardando nada ahí.",
    "ArchiveDamaged": "Se leyó todo el archivo del WAL y una parte no es lo que se guardó. Haga un respaldo de base "
    "entero y revise ese almacenamiento.",
    "ArchiveBusy": "Otro pgBackRest hace lo mismo en este momento.",
    "ArchivingOff": "PostgreSQL no archiva su WAL: lo hecho desde el último respaldo no se podría recuperar hasta un "
    "momento.",
    "ArchivingFails": "PostgreSQL no puede enviar su WAL al archivo. Lo guarda en su disco, y no debe llenarse.",
    "SegmentsMissing": "Al archivo le faltan partes del WAL: los momentos que siguen no se alcanzan hasta el próximo "
    "respaldo de base.",
    "BaseNotMade": "El respaldo de base de PostgreSQL no se pudo hacer. Lo que ya estaba en el archivo sigue ahí.",
    "PgbackrestFailed": "pgBackRest falló; el detalle técnico dice por qué.",
    "PgbackrestTooOld": "El pgBackRest instalado es demasiado antiguo. Instale la versión 2.45 o una más nueva.",
    "OutOfReach": "Ese momento no se puede restaurar; el detalle dice cuáles sí. No se cambió nada.",
    "NotRecovered": "PostgreSQL no llegó a ese momento. No se cambió nada.",
    "NotWhatWasSaved": "Lo recuperado no es lo que había en ese momento. No se reemplazó nada.",
}
KILLED = "La ejecución fue interrumpida antes de terminar (el equipo o el proceso se detuvo)."
_SHOWN = 5


def sentence(error: BaseException) -> str:
    """What an error means, for people."""
    if not isinstance(error, Exception):
        return KILLED
    return _SENTENCES.get(type(error).__name__) or backup_message.sentence(error)


def without_files(database: str, moment: str, missing: Sequence[str]) -> Message:
    """A pair was restored to a moment, and some of its attachments have no file."""
    more = f" y {len(missing) - _SHOWN} más" if len(missing) > _SHOWN else ""
    named = ", ".join(code(name) for name in missing[:_SHOWN])
    meaning = (
        f"En la base restaurada {counted(len(missing), 'adjunto')} no "
        f"{'tiene' if len(missing) == 1 else 'tienen'} archivo: ninguna copia de los archivos de alrededor de ese "
        f"momento los tiene ({named}{more}). Las filas están; el registro de la tarea nombra todos. Si el momento es "
        "posterior a la última copia de los archivos, uno anterior puede estar completo."
    )
    title = "🟡 Restaurado a un momento, sin algunos archivos"
    known = [("Base", code(database)), ("Momento", escape(moment))]
    return message(f"{title}. {meaning}", [header(title), section(meaning), facts(known)])
