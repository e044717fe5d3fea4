"""What the host program refuses to be called with, and what it keeps for the next start of a service."""

import pytest

from ofitec.deploy.host.machine.engine import Engine, check_reference
from ofitec.deploy.host.record.home import Home
from ofitec.errors import InputError


@pytest.mark.parametrize("wrong", ["odoo", "ghcr.io/a/odoo:latest", "registry:5000/odoo", "-v /:/x", "a;b:1", "A B"])
def test_what_may_mean_another_image_tomorrow_is_refused(wrong: str) -> None:
    with pytest.raises(InputError):
        check_reference(wrong)


@pytest.mark.parametrize("right", ["ghcr.io/a/odoo:19.0-abc", f"127.0.0.1:5000/odoo@sha256:{'a' * 64}"])
def test_digests_and_tags_of_builds_are_taken(right: str) -> None:
    assert check_reference(right) == right


def test_images_and_workers_of_the_next_start_are_kept_apart_and_taken_back(home: Home) -> None:
    engine = Engine(home)
    assert engine.chosen_workers("odoo-green") == 0
    engine.set_image("odoo-green", "r/odoo@sha256:0")
    engine.choose_workers("odoo-green", 6)
    assert engine.chosen_workers("odoo-green") == 6
    assert engine.chosen_workers("odoo-blue") == 0
    assert (home.state / "release.env").read_text() == "ODOO_GREEN_IMAGE=r/odoo@sha256:0\nODOO_GREEN_WORKERS=6\n"
    engine.choose_workers("odoo-green", 0)  # as many as .env says
    assert (home.state / "release.env").read_text() == "ODOO_GREEN_IMAGE=r/odoo@sha256:0\n"
