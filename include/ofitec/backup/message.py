"""What people are told of backups, in Spanish: by Slack, and in the ledger for the board.

A sentence here must be true in every case in which its error is raised. So none says that earlier backups are intact:
most errors learn nothing about them.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from ofitec import words
from ofitec.backup.job import SECOND_CONNECTION
from ofitec.errors import saying_first
from ofitec.ledger.tables import BackupRun, RestoreProof
from ofitec.notify.blocks import facts, header, message, section
from ofitec.notify.escape import Message, code, escape
from ofitec.settings import settings
from ofitec.words import counted, days, duration, number, size

KILLED = "La ejecución fue interrumpida antes de terminar (el equipo o el proceso se detuvo). No dejó un respaldo."
_SAMPLE = 5
# by the name of the error's class, or of one it is a kind of; {names} are the error's own figures
_SENTENCES = {
    "RepositoryGone": "El repositorio de respaldos no está en {where}; según el registro debía tener {counted}. "
    "No cree otro ahí: averigüe primero qué pasó (¿está montado su disco?).",
    "SecondGone": "El segundo repositorio no está en {where}; según el registro debía tener {copies}. No cree otro "
    "ahí: averigüe primero qué pasó. Los respaldos del primero no se tocaron.",
    "SecondMissing": "No hay un repositorio en la dirección de la conexión del segundo. Revise la dirección; solo si "
    "nunca hubo uno, ejecute la copia con «Crear el repositorio».",
    "CopyDamaged": "Al copiar al segundo repositorio aparecieron datos dañados o que faltan, y no se sabe en cuál de "
    "los dos. Esa copia no cuenta. No retire nada antes de probar ambos.",
    "NotArrived": "La copia terminó sin error, pero al segundo repositorio le falta una parte. Esa copia no cuenta.",
    "NoLongerGood": "El respaldo dejó de contar mientras se copiaba. Esa copia no cuenta.",
    "RepositoryMissing": "No hay un repositorio de respaldos en la dirección de la conexión. Revise la dirección y si "
    "su disco está montado; solo si nunca hubo uno, ejecute el respaldo con «Crear el repositorio».",
    "WrongPassword": "La clave de la conexión no abre el repositorio de respaldos. Corríjala; si es la correcta, al "
    "repositorio le faltan sus archivos de llaves.",
    "RepositoryRefused": "El almacenamiento de los respaldos no acepta nuestras credenciales, o ya no permite lo que "
    "hace falta. Nada se supo de los respaldos que contiene.",
    "RepositoryUnreachable": "El almacenamiento de los respaldos no responde. Nada se supo de los respaldos que "
    "contiene.",
    "RepositoryLocked": "Otro programa usa el repositorio de respaldos. Espere a que termine y ejecute de nuevo.",
    "RepositoryFull": "No queda espacio en el disco del repositorio. Libere o agregue espacio, sin borrar archivos del "
    "repositorio a mano.",
    "CopyDiskFull": "No queda espacio en el disco de trabajo para la copia que se restaura. Nada se supo del respaldo.",
    "NoRoom": "El disco de trabajo no tiene espacio para la copia que se restaura. Nada se supo del respaldo.",
    "IndexRebuilt": "El índice del repositorio estaba dañado y se reconstruyó sin pérdida. Se intenta de nuevo.",
    "NobodyMayRepair": "El índice del repositorio está dañado y ninguna conexión puede repararlo. Los datos pueden "
    "estar bien: hay que ejecutar `restic repair index` con credenciales que puedan borrar.",
    "BackupRefuted": "El respaldo no pasó su prueba: se leyó y no es lo que se guardó. Ya no cuenta.",
    "RepositoryDamaged": "El repositorio tiene datos dañados o que faltan. No retire nada antes de revisarlo.",
    "SnapshotsLost": "Faltan respaldos en el repositorio que el registro conoce. No se retira nada hasta que una "
    "persona lo reconozca.",
    "FilesMissing": "A la carpeta de archivos de Odoo le faltan adjuntos (¿está montada?, ¿es la de esta base?). No se "
    "respaldó.",
    "NotOdoo": "La base de la conexión no es la de un Odoo instalado, o está vacía. No se respaldó.",
    "OdooWorking": "Odoo está limpiando sus archivos o actualizando un módulo. Se intenta de nuevo.",
    "PostgresDown": "La base de datos no responde, o se cortó la conexión con ella.",
    "SourceUnreadable": "No se pudo leer todo lo que había que respaldar. Nada de este intento cuenta.",
    "ClockWrong": "Un reloj está adelantado, o hay un respaldo con fecha futura. Corrija la hora antes de respaldar.",
    "Busy": "Otro proceso (un despliegue, una prueba u otro respaldo) ocupaba a Odoo o al repositorio.",
    "ProgramTooOld": "El pg_dump instalado es más antiguo que el servidor PostgreSQL. Instale el de su versión.",
    "ResticTooOld": "El restic instalado es demasiado antiguo. Instale la versión 0.17 o una más nueva.",
    "ProgramMissing": "Falta un programa en el equipo que respalda.",
    "BootFailed": "El Odoo de pruebas no arrancó sobre la copia. Los datos ya comparados estaban bien; nada se supo "
    "de lo demás.",
    "LiveDatabase": "Hay alguien conectado a la base que se iba a reemplazar. No se cambió nada: detenga su Odoo.",
    "NotWhatWasSaved": "Lo restaurado no es lo que se guardó. No se reemplazó nada: use un respaldo anterior.",
    "RestoreRefused": "La copia no se pudo cargar: el respaldo no contiene una base válida.",
    "RestoreFailed": "La copia no se pudo cargar por algo ajeno al respaldo. Nada se supo de él.",
    "CopyUnreadable": "La copia restaurada cambió o no se puede leer en este equipo. Nada se supo del respaldo.",
    "NewPasswordUnproven": "La clave nueva todavía no tiene un respaldo probado con ella: la anterior sigue valiendo.",
    "OldPasswordStillOpens": "La clave anterior aún abre el repositorio: otra llave tiene la misma. Quítela a mano.",
    "ResticFailed": "restic falló por algo que no es señal de daño; el detalle técnico dice qué.",
    "ElsewhereHalfDone": "Una restauración quedó a medias en otro equipo, que tiene sus carpetas: repárela desde allí.",
    "NotShared": "Dos equipos tienen carpetas distintas en la misma ruta, y debe ser una sola. No se cambió nada.",
    "OtherVersion": "El servidor de la copia no es de la versión de PostgreSQL del respaldo, y así no se comparan. "
    "Nada se supo de él.",
    "OtherFormat": "El respaldo lo hizo otra versión de este sistema: restáurelo con ella.",
    "RetentionRefused": "La política de conservación no guardaría ningún respaldo. No se retiró nada.",
    "NotOurs": "Hay una base con nombre de copia que este sistema no hizo. No se tocó.",
    "InputError": "Un dato de la conexión, de la configuración o del formulario falta o está mal.",
    "LedgerDown": "El registro (PostgreSQL de OFITEC) no responde.",
    "OfitecError": "El proceso no terminó.",
}


def sentence(error: BaseException) -> str:
    """What an error means, for people; true whatever step raised it."""
    for kind in type(error).__mro__:
        if found := _SENTENCES.get(kind.__name__):
            number = getattr(error, "backups", 0)
            known = {"counted": counted(number, "respaldo"), "copies": counted(number, "copia")}
            return found.format_map({**vars(error), **known})
    if isinstance(error, Exception):
        return f"El proceso no terminó por un error inesperado ({type(error).__name__})."
    return KILLED


def in_spanish() -> AbstractContextManager[None]:
    """What fails inside says first what it means for people."""
    return saying_first(sentence)


def proven(backup: BackupRun, proof: RestoreProof, *, kept_for_ever: bool = False) -> Message:
    """The weekly good news: which backup was restored whole, and how long that takes.

    :param kept_for_ever: no connection may delete, so nothing is ever removed
    """
    rto = "sin medir (no se arrancó Odoo)" if proof.rto_seconds is None else duration(proof.rto_seconds)
    known = [
        ("Respaldo", f"{code(backup.key)} ({_moment(backup.snapshot_at)})"),
        ("Tamaño", size(sum(part["processed"] for part in backup.snapshots.values()))),
        ("Comparado", f"{number(proof.tables)} tablas, {number(proof.rows)} filas, {number(proof.files)} archivos"),
        ("Tiempo de recuperación", rto),
    ]
    meaning = "Se leyó el repositorio completo." if proof.read_data else "Se restauró y comparó completo."
    if kept_for_ever:
        meaning += " Los respaldos antiguos no se retiran: la conexión para borrar está vacía."
    if backup.copy_of is not None:
        return _message("🟢 Copia del segundo repositorio restaurada y comprobada", meaning, known)
    return _message("🟢 Respaldo restaurado y comprobado", meaning, known)


def lifted(backup: BackupRun) -> Message:
    """A backup that an earlier proof refuted has passed one."""
    meaning = (
        f"El respaldo {code(backup.key)} ({_moment(backup.snapshot_at)}), que una prueba anterior había rechazado, se "
        "restauró entero y es igual a lo que se guardó: vuelve a contar. Conviene saber por qué falló la otra vez "
        "(memoria o disco del equipo de pruebas)."
    )
    return _message("🟢 Un respaldo rechazado pasó su prueba", meaning)


def lost(keys: Sequence[str], where: str, *, second: bool = False) -> Message:
    """Backups vanished from the repository: what a person must do before anything is pruned again.

    :param second: whether it is the second repository
    """
    process = "Segunda copia" if second else "Respaldo nocturno"
    missing = f"falta{'' if len(keys) == 1 else 'n'} {counted(len(keys), 'respaldo')}"
    meaning = (
        f"En el repositorio {escape(where)} {missing} que el registro conoce: {_named(keys)}. "
        "Alguien o algo borró sus copias. *No se retira ni se limpia nada hasta que una persona lo reconozca*: lo "
        "borrado quizás aún se puede recuperar (`restic recover`, o las versiones del almacenamiento).\n"
        "1. Averigüe quién tiene las credenciales y cámbielas.\n"
        "2. Recupere lo que se pueda; lo que vuelva a estar deja de contarse como perdido.\n"
        f"3. Cuando lo demás se dé por perdido: en Airflow, *{process}* → *Trigger* → "
        f"«Respaldos perdidos que reconoce» = *{len(keys)}*."
    )
    if second:
        meaning += " Entonces se copia otra vez lo que el primero aún tenga."
        return _message("🔴 Faltan copias en el segundo repositorio", meaning)
    return _message("🔴 Faltan respaldos en el repositorio", meaning)


def strangers(ids: Sequence[str]) -> Message:
    """Snapshots with our tags that the ledger does not know."""
    meaning = (
        f"El repositorio tiene {counted(len(ids), 'copia')} con nuestras etiquetas que el registro no conoce: "
        f"{_named([found[:8] for found in ids])}. No cuentan, no ocupan el lugar de ningún respaldo y no se borran "
        "solas. Si nadie las hizo a mano, alguien tiene las credenciales. Para quitarlas: `restic forget` con su "
        "número."
    )
    return _message("🟡 Copias desconocidas en el repositorio", meaning)


def extracted(key: str, at: datetime | None, folder: str, files: int, what: str) -> Message:
    """One thing was brought back: where it is, and nothing of what it holds.

    :param what: "attachment", "record" or "table"
    """
    named = {"attachment": "Un adjunto", "record": "Un registro y sus partes", "table": "Una tabla"}[what]
    meaning = (
        f"{named} del respaldo {code(key)} ({_moment(at)}), {counted(files, 'archivo')}, en {code(folder)}. Son datos "
        "de la empresa tal como estaban entonces: bórrelos de ahí cuando ya no los necesite."
    )
    return _message("🟢 Recuperado de un respaldo", meaning)


def rotated(other_keys: int, password_file: str) -> Message:
    """After the first half of a rotation: what a person must do now."""
    rescue = (
        f"Además de la anterior hay {counted(other_keys, 'llave')} del repositorio."
        if other_keys
        else "*No hay llave de rescate*: si se pierden el archivo y su copia en la bóveda, se pierden los respaldos."
    )
    meaning = (
        f"Guarde hoy en la bóveda la clave nueva (archivo {code(password_file)} del equipo que respalda). {rescue} "
        "La clave anterior sigue abriendo el repositorio hasta que un respaldo hecho con la nueva pase su prueba; "
        "entonces se retira sola, a las 10:00."
    )
    return _message("🔑 Hay una clave nueva de los respaldos", meaning)


def old_key_gone() -> Message:
    """After the second half of a rotation."""
    meaning = (
        "Un respaldo hecho con la clave nueva pasó su prueba, y la clave anterior ya no abre el repositorio. Puede "
        "quitarla de la bóveda."
    )
    return _message("🔑 La clave anterior de los respaldos ya no sirve", meaning)


def new_key_lost(password_file: str) -> Message:
    """The new password was lost before it came into use: the old one stays."""
    meaning = (
        f"La clave nueva no quedó en {code(password_file)}: se perdió (¿esa carpeta no es un volumen?)."
        " Sigue valiendo la anterior y la llave nueva se quitó. Monte la carpeta de forma permanente y cambie la clave "
        "otra vez."
    )
    return _message("🔴 Se perdió la clave nueva de los respaldos", meaning)


def reminder(created: datetime | None, now: datetime) -> Message:
    """Every six months: rotate."""
    age = f" La clave actual tiene {days((now - created).days)}." if created else ""
    meaning = (
        f"Toca cambiar la clave de los respaldos.{age} En Airflow: *Cambiar la clave de los respaldos* → *Trigger*."
    )
    return _message("🔑 Recordatorio: cambiar la clave de los respaldos", meaning)


def restore_question(plan: dict[str, Any]) -> dict[str, str]:
    """What the person who may approve reads in Airflow: {"subject", "body" (Markdown)}.

    :param plan: `restore.Plan` as JSON
    """
    by = f"la del momento {plan['moment']}" if plan.get("moment") else f"el respaldo del {_moment(plan['at'])}"
    subject = f"¿Reemplazar la base {plan['database']} por {by}?"
    return {"subject": subject, "body": "\n\n".join([*_restore_facts(plan, bold="**"), _RESTORE_HOW])}


def restore_asked(plan: dict[str, Any], *, by: str) -> tuple[str, list[tuple[str, str]], list[str]]:
    """A restore waits for a person: title, facts (label and text) and paragraphs of the message.

    :param by: who triggered it, "" if unknown
    """
    known = [("Momento", escape(plan["moment"]))] if plan.get("moment") else []
    known = known or [("Respaldo", code(plan["backup"])), ("Datos del", _moment(plan["at"]))]
    known += [("Base", code(plan["database"]))]
    known += [("Desde", "el segundo repositorio")] if plan.get("repository") == SECOND_CONNECTION else []
    known += [("La pidió", escape(by))] if by else []
    return "Una restauración espera aprobación", known, [*_restore_facts(plan, bold="*"), _RESTORE_HOW]


_RESTORE_HOW = (
    "Empieza apenas se apruebe: primero se restaura y compara al lado, y al final se cambian los nombres. Detenga "
    "antes el Odoo que usa esa base: si hay alguien conectado, no se reemplaza nada. Lo que hoy hay ahí no se borra: "
    "queda con el nombre `…_before_` y la fecha."
)


def _restore_facts(plan: dict[str, Any], *, bold: str) -> list[str]:
    """What is replaced by what, and what users lose or get."""
    mails = (
        "sin correos, pagos ni tareas programadas (neutralizada)"
        if plan["neutralise"]
        else "con sus correos, pagos y tareas programadas funcionando"
    )
    spanish = {"database": "la base", "folder": "la carpeta"}
    parts = [name.partition(" ") for name in plan["replaces"]]
    there = " y ".join(f"{spanish[kind]} {name}" for kind, _, name in parts)
    by = (
        f"lo que había en el momento {bold}{escape(plan['moment'])}{bold}"
        if plan.get("moment")
        else f"el respaldo {code(plan['backup'])}, con los datos del {bold}{_moment(plan['at'])}{bold}"
    )
    return [
        f"Se reemplaza {bold}{escape(there)}{bold} por {by}. Quienes usan esa base dejan de ver todo lo que se hizo "
        "después.",
        f"La base nueva queda {mails}.",
    ]


def _named(names: Sequence[str]) -> str:
    """The first few, and how many more there are."""
    more = f" y {len(names) - _SAMPLE} más" if len(names) > _SAMPLE else ""
    return ", ".join(map(code, names[:_SAMPLE])) + more


def _moment(at: datetime | str | None) -> str:
    """Of a backup's data, or of one that may be years old."""
    if at is None:
        return "sin fecha"
    when = datetime.fromisoformat(at) if isinstance(at, str) else at
    return words.moment(when, settings().zone, year=True)


def _message(title: str, meaning: str, known: Sequence[tuple[str, str]] = ()) -> Message:
    blocks = [header(title), section(meaning)]
    blocks += [facts(known)] if known else []
    return message(f"{title}. {meaning}", blocks)
