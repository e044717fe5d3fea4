"""What the host program refuses to be called with."""

import pytest

from ofitec.deploy.host.machine.engine import check_reference
from ofitec.errors import InputError


@pytest.mark.parametrize("wrong", ["odoo", "ghcr.io/a/odoo:latest", "registry:5000/odoo", "-v /:/x", "a;b:1", "A B"])
def test_what_may_mean_another_image_tomorrow_is_refused(wrong: str) -> None:
    with pytest.raises(InputError):
        check_reference(wrong)


@pytest.mark.parametrize("right", ["ghcr.io/a/odoo:19.0-abc", f"127.0.0.1:5000/odoo@sha256:{'a' * 64}"])
def test_digests_and_tags_of_builds_are_taken(right: str) -> None:
    assert check_reference(right) == right
