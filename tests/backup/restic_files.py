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
    """Replace the repository's only key file."""
    (old,) = (repository / "keys").iterdir()
    record = json.loads(old.read_text())
    master = _master(record, password)
    record.update(N=2, r=1, p=1)
    salt = base64.b64decode(record["salt"])
    record["data"] = base64.b64encode(_seal(_derive(password.encode(), salt, 2, 1, 1), master)).decode()
    _write(repository / "keys", json.dumps(record).encode())
    old.unlink()


def add_lock(repository: Path, password: str, *, hostname: str, pid: int, at: datetime, exclusive: bool = False) -> str:
    """Leave a lock; returns its id."""
    (key_file,) = (repository / "keys").iterdir()
    master = json.loads(_master(json.loads(key_file.read_text()), password))
    parts = (master["encrypt"], master["mac"]["k"], master["mac"]["r"])
    key = b"".join(base64.b64decode(part) for part in parts)
    lock = {"time": at.isoformat(), "exclusive": exclusive, "hostname": hostname, "username": "odoo", "pid": pid}
    return _write(repository / "locks", _seal(key, json.dumps(lock).encode()))


def _master(record: dict[str, Any], password: str) -> bytes:
    salt, sealed = base64.b64decode(record["salt"]), base64.b64decode(record["data"])
    nonce, body, mac = sealed[:16], sealed[16:-16], sealed[-16:]
    key = _derive(password.encode(), salt, record["N"], record["r"], record["p"])
    assert _mac(key, nonce, body) == mac
    return _crypt(key, nonce, body)


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
