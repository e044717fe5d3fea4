"""The commands of the documents that ask what watches: run on the watched stack. The others run in tests/docs."""

from pathlib import Path

import pytest

from dev.stack.local_stack import LocalStack
from dev.stack.services.monitoring import program
from tests.docs.blocks import name
from tests.docs.running import MONITORING, Installation, documents, faults
from tests.monitoring.drill import Watch


@pytest.fixture(scope="module")
def installation(local_stack: LocalStack, watch: Watch, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    place = local_stack.place
    tools = [program("promtool"), program("prometheus-alertmanager", "amtool")]
    env = {"PATH": ":".join([*(str(tool.parent) for tool in tools), "/usr/bin:/bin"])}
    return Installation(
        folder=tmp_path_factory.mktemp("watched"),
        env=env,
        services={"prometheus": env, "alertmanager": env},
        logs={service: place.logs / f"{service}.log" for service in MONITORING},
        here={
            "http://localhost:9090": watch.monitoring.prometheus_url,
            "http://localhost:9093": watch.monitoring.alertmanager_url,
            "/run/secrets": str(place.dir / "monitoring" / "secrets"),
        },
    )


@pytest.mark.parametrize("document", documents(watch=True), ids=name)
def test_its_commands_run(document: Path, installation: Installation) -> None:
    assert not (wrong := faults(installation, document, watch=True)), "\n".join(wrong)
