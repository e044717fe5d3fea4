"""What is checked before a person is asked."""

import pytest

from ofitec.deploy.host.run import plan
from ofitec.errors import PermanentError


def test_too_little_disk_is_foreseen_with_both_figures() -> None:
    gib = 1024**3
    plan.require_disk(gib, 3 * gib)
    with pytest.raises(PermanentError, match=r"has 2\.90 GiB free and the upgrade needs 3\.00 GiB"):
        plan.require_disk(gib, int(2.9 * gib))
