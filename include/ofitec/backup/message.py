"""What Slack says of backups, in Spanish. Failures are told by the failure callback of every DAG."""

from datetime import datetime
from typing import Any

from ofitec.ledger.tables import BackupRun, RestoreProof
from ofitec.notify.escape import escape
from ofitec.notify.spanish import number

Message = tuple[str, list[dict[str, Any]]]


def proven(backup: BackupRun, proof: RestoreProof) -> Message:
    """The weekly good news: which backup was restored whole, and how long that takes."""
    at = f"{backup.snapshot_at:%d-%m-%Y %H:%M} UTC"
    rto = "sin medir (no se arrancó Odoo)" if proof.rto_seconds is None else _duration(proof.rto_seconds)
    size = sum(part["processed"] for part in backup.snapshots.values()) / 1e6
    facts = [
        f"*Respaldo*\n`{backup.key}` ({at})",
        f"*Tamaño*\n{number(round(size))} MB",
        f"*Comparado*\n{number(proof.tables)} tablas, {number(proof.rows)} filas, {number(proof.files)} archivos",
        f"*Tiempo de recuperación*\n{rto}",
    ]
    extra = "Se leyó el repositorio completo." if proof.read_data else ""
    return _message("🟢 Respaldo restaurado y comprobado", extra or "Se restauró y comparó completo.", facts)


def rotated(other_keys: int, password_file: str) -> Message:
    """After a rotation: what a person must do now."""
    rescue = (
        f"Hay {number(other_keys)} llave(s) más que abren el repositorio."
        if other_keys
        else "*No hay llave de rescate*: si se pierde este equipo, se pierden los respaldos."
    )
    meaning = f"Guarda hoy en la bóveda la clave nueva (archivo `{escape(password_file)}` del servidor). {rescue}"
    return _message("🔑 Cambió la clave de los respaldos", meaning, [])


def reminder(created: datetime | None, now: datetime) -> Message:
    """Every six months: rotate."""
    age = f" La clave actual tiene {(now - created).days} días." if created else ""
    meaning = f"Toca cambiar la clave de los respaldos.{age} En Airflow: `secrets_rotate` → *Trigger*."
    return _message("🔑 Recordatorio: cambiar la clave de los respaldos", meaning, [])


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _message(title: str, meaning: str, facts: list[str]) -> Message:
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": title}},
        {"type": "section", "text": {"type": "mrkdwn", "text": meaning}},
    ]
    if facts:
        blocks.append({"type": "section", "fields": [{"type": "mrkdwn", "text": fact} for fact in facts]})
    return f"{title}. {meaning}", blocks
