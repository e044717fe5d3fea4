"""What restic's words mean. Mostly as restic 0.19 printed them at storages that failed so."""

import pytest

from ofitec.clients.restic_errors import RepositoryDamaged, RepositoryUnreachable, error_of
from ofitec.errors import OfitecError
from ofitec.process import Finished

PACK = "25b8503313bbb5aeb5f72e86771e41ec8b16cd1be413c508957cea46ffde256f"
GONE = f"Load(<data/25b8503313>, 503, 0) failed: open /srv/geof/data/25/{PACK}: no such file or directory"


def restore(words: str) -> OfitecError:
    return error_of("restore", "/srv/geof", Finished("restic", 1, "", f"{words}\nFatal: There were 2 errors\n", 0.1))


def test_a_deleted_pack_is_damage_whatever_digits_are_in_its_name() -> None:
    assert isinstance(restore(GONE), RepositoryDamaged)


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
