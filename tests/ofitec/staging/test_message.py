"""What people are told of the staging copy is true in every case, and names no person."""

from datetime import UTC, datetime

import ofitec.staging.masking
import ofitec.staging.morning
import ofitec.staging.serve  # noqa: F401 - each defines errors of its own
from ofitec.backup import message as backup_message
from ofitec.errors import InputError, OfitecError
from ofitec.staging import message


def test_every_error_of_its_own_that_a_run_may_end_with_has_a_spanish_sentence() -> None:
    general, found, todo = message.sentence(OfitecError("x")), set(), [OfitecError]
    while todo:
        todo += (kind := todo.pop()).__subclasses__()
        if kind.__module__.startswith("ofitec.staging") and kind.__module__ != "ofitec.staging.serve":
            found.add(kind.__name__)
    assert found >= {"UnknownColumns", "StagingInUse", "CopyNotWhatWasSaved"}
    assert {name for name in found if name not in message._SENTENCES} == set()
    assert all(sentence != general for sentence in message._SENTENCES.values())


def test_a_killed_run_says_nothing_of_backups() -> None:
    assert message.sentence(KeyboardInterrupt()) == message.KILLED
    assert "respaldo" not in message.KILLED
    assert message.sentence(InputError("x")) == backup_message.sentence(InputError("x"))


def test_the_first_copy_is_told_with_how_to_get_in() -> None:
    text, blocks = message.first("odoo_staging", datetime(2026, 11, 27, 5, 30, tzinfo=UTC), "https://pruebas.example")
    assert "La copia de pruebas de Odoo está en pie" in text
    shown = str(blocks)
    for words in ("odoo_staging", "27", "https://pruebas.example", "admin"):
        assert words in shown


def test_of_many_columns_the_first_are_named_and_the_others_counted() -> None:
    findings = [f"flete_{number:02d}.correo (holds e-mail addresses, 3 rows)" for number in range(12)]
    text, _ = message.unruled(findings)
    assert "12 columnas" in text
    assert "flete_09.correo" in text
    assert "flete_10.correo" not in text
    assert "y 2 más" in text
