"""Writes files of a restic repository by its own format (its design document), to make it quick and to do it harm.

restic calibrates its password's key derivation to half a second, which every command pays; `cheapen` writes the key
file again with the lowest cost: same password, same master key. `add_lock` leaves a dead process's lock.
"""

import base64
import hashlib
import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.poly1305 import Poly1305


def cheapen(repository: Path, password: str) -> None:
    """Replace the key file that this password opens."""
    old, record, master = _opened(repository, password)
    record.update(N=2, r=1, p=1)
    salt = base64.b64decode(record["salt"])
    record["data"] = base64.b64encode(_seal(_derive(password.encode(), salt, 2, 1, 1), master)).decode()
    _write(repository / "keys", json.dumps(record).encode())
    old.unlink()


def add_lock(repository: Path, password: str, *, hostname: str, pid: int, at: datetime, exclusive: bool = False) -> str:
    """Leave a lock; returns its id."""
    master = json.loads(_opened(repository, password)[2])
    parts = (master["encrypt"], master["mac"]["k"], master["mac"]["r"])
    key = b"".join(base64.b64decode(part) for part in parts)
    lock = {"time": at.isoformat(), "exclusive": exclusive, "hostname": hostname, "username": "odoo", "pid": pid}
    return _write(repository / "locks", _seal(key, json.dumps(lock).encode()))


def _opened(repository: Path, password: str) -> tuple[Path, dict[str, Any], bytes]:
    """The key file that the password opens, its content, and the master key."""
    for file in (repository / "keys").iterdir():
        record = json.loads(file.read_text())
        if master := _master(record, password):
            return file, record, master
    raise AssertionError("the password opens no key")


def _master(record: dict[str, Any], password: str) -> bytes | None:
    salt, sealed = base64.b64decode(record["salt"]), base64.b64decode(record["data"])
    nonce, body, mac = sealed[:16], sealed[16:-16], sealed[-16:]
    key = _derive(password.encode(), salt, record["N"], record["r"], record["p"])
    return _crypt(key, nonce, body) if _mac(key, nonce, body) == mac else None


def _seal(key: bytes, plain: bytes) -> bytes:
    nonce = os.urandom(16)
    body = _crypt(key, nonce, plain)
    return nonce + body + _mac(key, nonce, body)


def _write(folder: Path, content: bytes) -> str:
    name = hashlib.sha256(content).hexdigest()
    (folder / name).write_bytes(content)
    return name


def _derive(secret: bytes, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(secret, salt=salt, n=n, r=r, p=p, maxmem=1 << 30, dklen=64)


def _crypt(key: bytes, nonce: bytes, body: bytes) -> bytes:
    return Cipher(algorithms.AES(key[:32]), modes.CTR(nonce)).encryptor().update(body)


def _mac(key: bytes, nonce: bytes, body: bytes) -> bytes:
    # Poly1305-AES: s is the nonce encrypted under the MAC's own key
    s = Cipher(algorithms.AES(key[32:48]), modes.ECB()).encryptor().update(nonce)
    return Poly1305.generate_tag(key[48:64] + s, body)


def biggest(folder: Path) -> Path:
    return max((path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)


def flip_byte(pack: Path, at: int | None = None) -> None:
    """Change one bit of a file, a third of its way in unless told; a second time changes it back."""
    content = bytearray(pack.read_bytes())
    content[len(content) // 3 if at is None else at] ^= 1
    pack.chmod(0o600)
    pack.write_bytes(content)
