"""The errors this package raises.

A message is a whole sentence for a person: what failed, with which figure, what to do next. No message
ever holds a secret: it goes to task logs and to Slack.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager


class OfitecError(Exception):
    """Base of every error raised on purpose by this package."""


class PermanentError(OfitecError):
    """Trying again cannot help: wrong input, wrong credentials, data that a person must mend. Tasks fail at once."""


class TransientError(OfitecError):
    """The foreign system may answer later (down, refused, timed out). Tasks are retried."""


class InputError(PermanentError):
    """A parameter, setting or connection is wrong. Nothing was changed.

    In a run that was triggered by hand it is answered to whoever did that, in the task's log, and told to nobody else
    (`ofitec.notify.failure`); in a scheduled run it is a failure like any other.
    """


class Several(OfitecError):
    """Several things were done one after another and some failed: each is told under its own name.

    :param failures: (name, what it said); empty if each was told already
    """

    def __init__(self, message: str, failures: Sequence[tuple[str, Exception]]) -> None:
        super().__init__(message)
        self.failures = failures


class SeveralFailed(Several, PermanentError):
    """None of those that failed can heal by itself."""


class SeveralUnfinished(Several, TransientError):
    """One of those that failed may do better later."""


@contextmanager
def saying_first(sentence: Callable[[OfitecError], str]) -> Iterator[None]:
    """What fails inside says first what it means for people, then its own words.

    :param sentence: what an error means, in Spanish
    """
    try:
        yield
    except OfitecError as error:
        error.args = (f"{sentence(error)} ({error})", *error.args[1:])
        raise
