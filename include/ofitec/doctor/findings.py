"""What a check finds, and how a check is run: one that fails is a finding too, never a traceback."""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum

from ofitec.errors import OfitecError
from ofitec.notify.redact import redact

log = logging.getLogger(__name__)


class State(StrEnum):
    """How it stands."""

    OK = "ok"
    UNUSED = "unused"  # not set up, and nothing that is set up needs it
    WAITING = "waiting"  # cannot be looked at before another part is right
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    """One line of the doctor: what was looked at, how it stands, and a sentence with the next step when it is wrong."""

    part: str
    state: State
    sentence: str


class Unused(Exception):
    """Raised by a check whose part is optional and not set up; the message says what is not available then."""


@dataclass(frozen=True)
class Check:
    """One thing to look at. `use` returns a sentence about what works, or raises what is wrong.

    :param needs: parts without which it cannot be looked at
    """

    part: str
    use: Callable[[], str]
    needs: tuple[str, ...] = ()

    def run(self, not_right: Collection[str] = ()) -> Finding:
        """Use it once; not at all if one of `not_right` is needed."""
        first = next((part for part in self.needs if part in not_right), None)
        if first:
            return Finding(self.part, State.WAITING, f"not looked at, needs: {first}")
        try:
            return Finding(self.part, State.OK, self.use())
        except Unused as why:
            return Finding(self.part, State.UNUSED, str(why))
        except OfitecError as error:
            return Finding(self.part, State.WRONG, redact(str(error)))
        except Exception as error:  # one broken part must not hide the others
            log.debug("Check of %s broke", self.part, exc_info=True)
            reason = redact(f"{type(error).__name__}: {error}".splitlines()[0])
            return Finding(
                self.part, State.WRONG, f"The check broke: {reason}. AIRFLOW__LOGGING__LOGGING_LEVEL=DEBUG tells."
            )
