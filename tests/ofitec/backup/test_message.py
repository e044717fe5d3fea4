"""What people are told is true in every case: no sentence claims what its error did not learn."""

import importlib
import json
import pkgutil
from typing import Any

import pytest

import ofitec
from ofitec.backup import message
from ofitec.backup.nightly import RepositoryGone
from ofitec.errors import InputError, OfitecError
from ofitec.ledger.tables import BackupRun, RestoreProof
from ofitec.notify.failure_message import MEANINGS


def raised_by_backups() -> set[type[OfitecError]]:
    """Every error class that the backup domain and its clients define."""
    for module in pkgutil.walk_packages(ofitec.__path__, "ofitec."):
        if module.name.startswith(("ofitec.backup", "ofitec.clients", "ofitec.process", "ofitec.ledger.exclusive")):
            importlib.import_module(module.name)
    found, todo = set(), [OfitecError]
    while todo:
        todo += (kind := todo.pop()).__subclasses__()
        if kind.__module__.startswith(("ofitec.backup", "ofitec.clients.restic", "ofitec.clients.postgres")):
            found.add(kind)
    return found


def test_every_error_of_backups_has_its_own_spanish_sentence() -> None:
    general = message.sentence(OfitecError("x"))
    silent = {kind.__name__ for kind in raised_by_backups() if message.sentence(kind("x")) == general}
    assert silent == set()


def test_no_sentence_claims_what_was_not_looked_at() -> None:
    told = [*message._SENTENCES.values(), *(meaning.meaning for meaning in MEANINGS.values())]
    for sentence in told:
        assert "intacto" not in sentence
        assert "anoche" not in sentence


@pytest.mark.parametrize(("count", "words"), [(3, "debía tener 3 respaldos."), (1, "debía tener 1 respaldo.")])
def test_a_repository_that_is_gone_is_told_with_what_it_should_hold(count: int, words: str) -> None:
    sentence = message.sentence(RepositoryGone("x", where="/respaldos", backups=count))
    assert sentence.startswith("El repositorio de respaldos no está en /respaldos; según el registro " + words)


def test_an_error_that_nobody_foresaw_is_named() -> None:
    assert message.sentence(KeyError("x")) == "El proceso no terminó por un error inesperado (KeyError)."
    assert message.sentence(KeyboardInterrupt()) == message.KILLED
    assert message.sentence(InputError("x")).startswith("Un dato de la conexión")


PLAN: dict[str, Any] = {
    "backup": "20261124T053000Z-3f9a01",
    "at": "2026-11-24T05:30:00Z",
    "database": "odoo",
    "filestore": "/var/lib/odoo/filestore/odoo",
    "neutralise": False,
    "replaces": ["database odoo", "folder /var/lib/odoo/filestore/odoo"],
}


def test_who_approves_reads_what_happens_to_whom_and_when() -> None:
    question = message.restore_question(PLAN)
    assert question["subject"] == "¿Reemplazar la base odoo por el respaldo del martes 24 de noviembre de 2026, 02:30?"
    for words in (
        "la base odoo y la carpeta /var/lib/odoo/filestore/odoo",
        "Quienes usan esa base dejan de ver todo lo que se hizo después",
        "con sus correos, pagos y tareas programadas funcionando",
        "Empieza apenas se apruebe",
        "Detenga antes el Odoo",
    ):
        assert words in question["body"]


def test_lost_backups_are_told_with_exactly_what_to_do() -> None:
    text, _ = message.lost(["k1", "k2", "k3"], "s3:x")
    assert "faltan 3 respaldos" in text
    assert "«Respaldos perdidos que reconoce» = *3*" in text


def test_one_is_told_as_one() -> None:
    assert "falta 1 respaldo que el registro conoce: `k1`." in message.lost(["k1"], "s3:x")[0]
    assert "tiene 1 copia con nuestras etiquetas" in message.strangers(["a" * 64])[0]
    assert "Además de la anterior hay 1 llave del repositorio." in message.rotated(1, "/run/secrets/restic")[0]


def test_sizes_are_written_as_on_the_board() -> None:
    saved = BackupRun(key="k1", snapshot_at=None, snapshots={"database": {"processed": 2_834_000_000}})
    proof = RestoreProof(tables=412, rows=1_834_210, files=9214, rto_seconds=660, read_data=True)
    assert "*Tamaño*\\n2,8 GB" in json.dumps(message.proven(saved, proof), ensure_ascii=False)
