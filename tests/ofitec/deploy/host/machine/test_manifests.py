"""What counts as code, what as an upgrade, and what is refused before anybody is asked."""

import pytest

from ofitec.deploy.host.machine import manifests
from ofitec.deploy.host.machine.manifests import Image
from ofitec.deploy.host.record.plans import Change, Mode
from ofitec.errors import InputError, PermanentError

INSTALLED = {"base": ("installed", "19.0.1.3"), "of_sii_cl": ("installed", "19.0.1.0.9")}


def image(**versions: str) -> Image:
    known = {"base": "19.0.1.3", "of_sii_cl": "19.0.1.0.9"} | versions
    return Image("19.0", {name: (version, f"hash of {version}") for name, version in known.items()})


@pytest.mark.parametrize(
    ("manifest", "stored"), [("1.3", "19.0.1.3"), ("19.0.1.0.0", "19.0.1.0.0"), ("19.0", "19.0"), ("19", "19.0.19")]
)
def test_versions_are_compared_as_odoo_stores_them(manifest: str, stored: str) -> None:
    assert manifests.adapted(manifest, "19.0") == stored


def test_the_same_versions_are_code_even_if_files_changed() -> None:
    assert manifests.classify(INSTALLED, image()) == (Mode.CODE, [])


def test_a_risen_version_is_an_upgrade_and_numbers_count_as_numbers() -> None:
    mode, changes = manifests.classify(INSTALLED, image(of_sii_cl="19.0.1.0.10"))
    assert mode == Mode.MIGRATE
    assert changes == [Change("of_sii_cl", "19.0.1.0.9", "19.0.1.0.10")]


def test_a_wanted_module_is_upgraded_whatever_its_version() -> None:
    assert manifests.classify(INSTALLED, image(), ["base"])[0] == Mode.MIGRATE


def test_a_module_that_is_not_installed_is_refused_where_odoo_would_only_warn() -> None:
    with pytest.raises(InputError, match="Module sale is not installed"):
        manifests.classify(INSTALLED, image(sale="19.0.1.0"), ["sale"])


@pytest.mark.parametrize("state", ["to upgrade", "to install", "to remove"])
def test_a_half_upgraded_database_is_refused(state: str) -> None:
    with pytest.raises(PermanentError, match="waits for an upgrade of of_sii_cl"):
        manifests.classify(INSTALLED | {"of_sii_cl": (state, "19.0.1.0.9")}, image())


def test_an_image_without_an_installed_module_is_refused() -> None:
    with pytest.raises(PermanentError, match="lacks 1 modules that the database has installed: custom"):
        manifests.classify(INSTALLED | {"custom": ("installed", "19.0.1.0")}, image())


def test_an_older_image_is_refused() -> None:
    with pytest.raises(PermanentError, match=r"of_sii_cl 19\.0\.1\.0\.8 < 19\.0\.1\.0\.9"):
        manifests.classify(INSTALLED, image(of_sii_cl="19.0.1.0.8"))


def test_sources_that_changed_without_a_version_are_named() -> None:
    known = {"base": "hash of 19.0.1.3", "of_sii_cl": "another hash"}
    assert manifests.silent_changes(image(), known, []) == ["of_sii_cl"]
    assert manifests.silent_changes(image(), known, [Change("of_sii_cl", "1", "2")]) == []


def test_an_upgrade_that_left_something_behind_is_found_whatever_odoo_returned() -> None:
    manifests.check_upgraded(INSTALLED, {"base": "19.0.1.3", "of_sii_cl": "19.0.1.0.9"})
    with pytest.raises(PermanentError, match=r"of_sii_cl \(installed 19\.0\.1\.0\.9, image 19\.0\.2\.0\)"):
        manifests.check_upgraded(INSTALLED, {"of_sii_cl": "19.0.2.0"})
    with pytest.raises(PermanentError, match="to upgrade"):
        manifests.check_upgraded({"base": ("to upgrade", "19.0.1.3")}, {})
