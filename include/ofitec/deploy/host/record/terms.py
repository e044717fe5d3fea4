"""What whoever asks for a run allows it. Imported when DAGs are parsed, so kept light."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

from ofitec.errors import InputError


@dataclass(frozen=True)
class Terms:
    """What whoever asks for a run allows it; every length in seconds. The DAG's form and the host's options name these
    fields as they stand here.

    :raises InputError: on a figure that cannot be meant
    """

    window_seconds: float = field(default=600, metadata={"help": "of maintenance, at most; else it is given up"})
    watch_seconds: float = field(default=300, metadata={"help": "the new version is watched before the old one stops"})
    canary_percent: int = field(default=0, metadata={"help": "of new sessions try the new version first; 0 for none"})
    canary_seconds: float = field(default=600, metadata={"help": "the canary lasts"})
    hours: str = field(default="", metadata={"help": "of the day in which it may begin, 22:00-06:00; empty: any"})

    def __post_init__(self) -> None:
        if not 0 <= self.canary_percent <= 99:
            raise InputError(f"canary_percent is {self.canary_percent}; it is a share of 0 to 99 percent.")
        if self.window_seconds <= 0 or self.watch_seconds < 0 or self.canary_seconds < 0:
            raise InputError("The window is more than 0 seconds, watch and canary are not less than 0.")

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Take the terms among other values, by their names; the defaults where there is none."""
        names = [each.name for each in fields(cls)]
        return cls(**{name: values[name] for name in names if values.get(name) is not None})

    def options(self) -> list[str]:
        """The same as options of the host program."""
        return [f"--{name.replace('_', '-')}={value}" for name, value in asdict(self).items()]

    @property
    def longest(self) -> float:
        """Seconds that all of it may take together."""
        return self.window_seconds + self.watch_seconds + self.canary_seconds
