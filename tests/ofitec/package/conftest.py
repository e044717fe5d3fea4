"""An installation by README.md, made once for all tests that use it."""

import pytest

from tests.ofitec.package.installation import Installation, install


@pytest.fixture(scope="package")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return install(tmp_path_factory.mktemp("wheel"))
