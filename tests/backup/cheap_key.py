"""Makes a restic repository quick to open, for tests only.

restic calibrates its password's key derivation to half a second, which every command pays. Here the key file is written
again with the lowest cost (restic's design document, "Keys, Encryption and MAC"): same password, same master key.
"""

import base64
import hashlib
import json
import os
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.poly1305 import Poly1305


def cheapen(repository: Path, password: str) -> None:
    """Replace the repository's only key file."""
    (old,) = (repository / "keys").iterdir()
    record = json.loads(old.read_text())
    secret, salt = password.encode(), base64.b64decode(record["salt"])
    sealed = base64.b64decode(record["data"])
    nonce, body, mac = sealed[:16], sealed[16:-16], sealed[-16:]
    key = _derive(secret, salt, record["N"], record["r"], record["p"])
    assert _mac(key, nonce, body) == mac
    master = _crypt(key, nonce, body)

    record.update(N=2, r=1, p=1)
    key, nonce = _derive(secret, salt, 2, 1, 1), os.urandom(16)
    body = _crypt(key, nonce, master)
    record["data"] = base64.b64encode(nonce + body + _mac(key, nonce, body)).decode()
    content = json.dumps(record).encode()
    (repository / "keys" / hashlib.sha256(content).hexdigest()).write_bytes(content)
    old.unlink()


def _derive(secret: bytes, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(secret, salt=salt, n=n, r=r, p=p, maxmem=1 << 30, dklen=64)


def _crypt(key: bytes, nonce: bytes, body: bytes) -> bytes:
    return Cipher(algorithms.AES(key[:32]), modes.CTR(nonce)).encryptor().update(body)


def _mac(key: bytes, nonce: bytes, body: bytes) -> bytes:
    # Poly1305-AES: s is the nonce encrypted under the MAC's own key
    s = Cipher(algorithms.AES(key[32:48]), modes.ECB()).encryptor().update(nonce)
    return Poly1305.generate_tag(key[48:64] + s, body)
