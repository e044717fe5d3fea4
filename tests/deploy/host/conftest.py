"""An installation's folder with nothing in it."""

from pathlib import Path

import pytest

from ofitec.deploy.host.record.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "docker-compose.yml").touch()
    return Home.open(tmp_path)
