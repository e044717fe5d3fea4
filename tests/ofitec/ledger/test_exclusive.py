"""A lock whose holder fell silent is free again after a bounded time, on a real network that is cut."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from ofitec.ledger import Ledger, exclusive, open_ledger, store
from ofitec.ledger.exclusive import ODOO, Busy, held
from tests.ofitec.backup.cluster import LEDGER, Cluster

SPACE, HERE, THERE = "ofitec-cut", "198.18.77.1", "198.18.77.2"  # RFC 2544's addresses: nobody's network
HOLDER = """
import sys, time
from ofitec.ledger import open_ledger, store
from ofitec.ledger.exclusive import ODOO, held
store.KEEPALIVE = store.Keepalive(2, 1, 2)
with held(open_ledger(sys.argv[1]), ODOO, why="the silent one", wait=5):
    print("held", flush=True)
    time.sleep(600)
"""


def test_both_ends_ask_a_silent_connection_after_half_a_minute(ledger: Ledger) -> None:
    shown = {}
    with held(ledger, ODOO, why="test", wait=5) as lock:
        for name in store.KEEPALIVE.server():
            shown[name] = lock._conn.execute(text(f"SHOW {name}")).scalar()
        driver = lock._conn.connection.dbapi_connection
        assert driver is not None
        client = driver.pgconn.info
    told = {option.keyword.decode(): (option.val or b"").decode() for option in client}
    assert shown == {
        "tcp_keepalives_idle": "30", "tcp_keepalives_interval": "10", "tcp_keepalives_count": "3",
        "tcp_user_timeout": "60000",
    }  # fmt: skip
    assert (told["keepalives_idle"], told["keepalives_interval"], told["keepalives_count"]) == ("30", "10", "3")
    assert told["tcp_user_timeout"] == "60000"


def _ip(*args: str) -> None:
    subprocess.run(["ip", *args], check=True, capture_output=True)


@pytest.fixture
def network() -> Iterator[None]:
    """A network namespace with one cable to this machine."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("a network of its own needs root and iproute2")
    subprocess.run(["ip", "netns", "del", SPACE], check=False, capture_output=True)
    try:
        _ip("netns", "add", SPACE)
        _ip("link", "add", "ofitec-h", "type", "veth", "peer", "name", "ofitec-c", "netns", SPACE)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no network namespace can be made here: {error.stderr.decode().strip()}")
    _ip("addr", "add", f"{HERE}/30", "dev", "ofitec-h")
    _ip("link", "set", "ofitec-h", "up")
    _ip("-n", SPACE, "addr", "add", f"{THERE}/30", "dev", "ofitec-c")
    _ip("-n", SPACE, "link", "set", "ofitec-c", "up")
    yield
    subprocess.run(["ip", "netns", "del", SPACE], check=True, capture_output=True)


@pytest.fixture
def cluster(network: None) -> Iterator[Cluster]:
    made = Cluster(HERE)
    try:
        made.start()
        with made.admin() as conn:
            conn.execute("CREATE DATABASE ledger OWNER ledger")
        yield made
    finally:
        made.stop()


def test_the_lock_of_a_holder_whose_network_was_cut_is_free_within_seconds(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dsn(host: str) -> str:
        return f"postgresql://ledger:{LEDGER}@{host}:{cluster.port}/ledger"

    monkeypatch.setattr(exclusive, "_POLL", 0.2)
    ours = open_ledger(dsn("127.0.0.1"))
    include = Path(store.__file__).parents[2]
    argv = ["ip", "netns", "exec", SPACE, sys.executable, "-c", HOLDER, dsn(HERE)]
    silent = subprocess.Popen(argv, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(include)})
    try:
        assert silent.stdout is not None
        assert silent.stdout.readline() == b"held\n"
        with pytest.raises(Busy, match="the silent one"), held(ours, ODOO, why="we", wait=0.5):
            pass
        _ip("-n", SPACE, "link", "set", "ofitec-c", "down")
        cut = time.monotonic()
        with held(ours, ODOO, why="we", wait=30):
            waited = time.monotonic() - cut
        assert 1 < waited < 15
        assert silent.poll() is None  # it lives, and does not know
    finally:
        silent.kill()
        silent.wait()
        ours.engine.dispose()
