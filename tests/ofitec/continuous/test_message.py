"""What people are told of the continuous backup is true in every case, and Spanish."""

import ofitec.continuous.recovery
import ofitec.continuous.steps  # noqa: F401 - each defines errors of its own
from ofitec.backup import message as backup_message
from ofitec.continuous import message
from ofitec.errors import InputError, OfitecError
from tests.ofitec.spanish import english_words


def test_every_error_of_its_own_has_a_spanish_sentence() -> None:
    found, todo = set(), [OfitecError]
    while todo:
        todo += (kind := todo.pop()).__subclasses__()
        if kind.__module__.startswith(("ofitec.continuous", "ofitec.clients.pgbackrest")):
            found.add(kind.__name__)
    assert found >= {"OutOfReach", "NotRecovered", "ArchivingFails", "ArchiveAway", "PgbackrestTooOld"}
    assert {name for name in found if name not in message._SENTENCES} == set()
    for sentence in message._SENTENCES.values():
        assert english_words(sentence) == set(), sentence


def test_what_is_not_its_own_is_told_as_of_backups() -> None:
    assert message.sentence(InputError("x")) == backup_message.sentence(InputError("x"))
    assert message.sentence(KeyboardInterrupt()) == message.KILLED


def test_missing_files_are_counted_and_the_first_named() -> None:
    text, blocks = message.without_files("vuelta", "2026-11-27 14:32:10-03:00", [f"aa/{n:02d}" for n in range(12)])
    assert "12 adjuntos no tienen archivo" in text
    assert "aa/04" in text
    assert "aa/05" not in text
    assert "y 7 más" in text
    assert "14:32:10" in str(blocks)
    assert "1 adjunto no tiene archivo" in message.without_files("v", "x", ["aa/01"])[0]
