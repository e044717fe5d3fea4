"""The switch when the disk is full: HAProxy first, its file when there is room again. Its socket is stood in for."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager

from ofitec.deploy.host.machine.proxy import MAINTENANCE, Proxy


@contextmanager
def _full_disk() -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_full_disk_keeps_nobody_on_the_maintenance_page(proxy: Proxy) -> None:
    file = proxy.folder / "active.map"
    proxy.switch(MAINTENANCE)
    with _full_disk():
        proxy.switch("blue")
    assert proxy.entries()["active"] == "blue"
    assert file.read_text().startswith(f"active {MAINTENANCE}\n")
    assert proxy.repair()
    assert file.read_text().startswith("active blue\n")
    assert not proxy.repair()
