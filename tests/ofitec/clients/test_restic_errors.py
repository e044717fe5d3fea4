"""What restic's words mean. Mostly as restic 0.19 printed them at storages that failed so."""

import pytest

from ofitec.clients.restic_errors import (
    RepositoryDamaged,
    RepositoryMissing,
    RepositoryRefused,
    RepositoryUnreachable,
    error_of,
    named,
    unanswered,
)
from ofitec.errors import OfitecError
from ofitec.process import Finished

PACK = "25b8503313bbb5aeb5f72e86771e41ec8b16cd1be413c508957cea46ffde256f"
GONE = f"Load(<data/25b8503313>, 503, 0) failed: open /srv/geof/data/25/{PACK}: no such file or directory"


def restore(words: str) -> OfitecError:
    return error_of("restore", "/srv/geof", Finished("restic", 1, "", f"{words}\nFatal: There were 2 errors\n", 0.1))


def test_a_pack_that_cannot_be_opened_is_looked_for_and_no_damage_by_these_words_alone() -> None:
    """A folder that is not mounted any more says the same: the repository's own list decides."""
    finished = Finished("restic", 1, "", f"{GONE}\nFatal: There were 2 errors\n", 0.1)
    assert named(finished) == {"packs": {PACK[:10]}}
    assert not isinstance(restore(GONE), RepositoryDamaged)


def test_data_that_are_wrong_are_damage_whatever_digits_are_in_a_pack_s_name() -> None:
    words = f"decrypting blob <data/37ece99b> from pack {PACK} failed: ciphertext verification failed"
    assert isinstance(restore(words), RepositoryDamaged)


@pytest.mark.parametrize(
    "words",
    [
        "Load(<data/25b85fb313>, 207, 0) returned error: Stat: 503 Service Unavailable",
        "Load(<data/25b85fb313>, 207, 0) returned error: unexpected HTTP response (500): 500 Internal Server Error",
        "Load(<data/25b85fb313>, 207, 0) returned error: Stat: Please reduce your request rate.",
        'Load(<data/25b85fb313>, 207, 0) returned error: Get "http://127.0.0.1:1/bucket/data": EOF',
        "Load(<data/25b85fb313>, 207, 0) returned error: dial tcp 127.0.0.1:1: connect: connection refused",
        # as Google's and Azure's libraries word it
        "Load(<data/25b85fb313>, 207, 0) returned error: googleapi: Error 503: Backend Error, backendError",
        "Load(<data/25b85fb313>, 207, 0) returned error: RESPONSE 503: 503 The server is busy.",
    ],
)
def test_a_storage_that_fails_is_no_damage(words: str) -> None:
    assert isinstance(restore(words), RepositoryUnreachable)


def test_a_restic_that_goes_on_trying_at_a_storage_that_refuses_us_is_told_as_refused() -> None:
    """restic takes most refusals for hiccups: our own time limit ends it, and its last words say why."""
    ended = (
        "restic did not end within 120 s and was stopped. Its last words: Stat(<config/>) returned error, retrying: "
    )
    for words, kind in {
        "The Access Key Id you provided does not exist": RepositoryRefused,
        "The provided token has expired.": RepositoryRefused,
        "dial tcp: connection refused": RepositoryUnreachable,
        "The specified bucket does not exist": RepositoryMissing,
    }.items():
        assert type(unanswered("list", "s3:x", ended + words)) is kind
