"""The steps by Airflow's connections and the settings: a look, a failure told once, a moment restored, switched off."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ofitec.backup.job import Job
from ofitec.clients.pgbackrest_connection import pgbackrest
from ofitec.clients.pgbackrest_errors import ArchiveAway
from ofitec.continuous import minutes, reach, steps
from ofitec.continuous.minutes import ArchivingFails
from ofitec.errors import InputError
from ofitec.ledger import continuous
from ofitec.settings import settings
from tests.ofitec.backup.cluster import LEDGER, Cluster
from tests.ofitec.backup.cluster import ODOO as ELSEWHERE
from tests.ofitec.continuous.conftest import PASSWORD
from tests.ofitec.continuous.host import NAME, ODOO, PHRASE, Host
from tests.waiting import wait_until

pytestmark = pytest.mark.xdist_group("continuous")


def postgres(port: int, user: str, password: str, name: str) -> str:
    about = {"conn_type": "postgres", "host": "127.0.0.1", "port": port, "login": user, "password": password}
    return json.dumps({**about, "schema": name})


@pytest.fixture
def installed(
    job: Job, host: Host, elsewhere: Cluster, monkeypatch: pytest.MonkeyPatch
) -> Iterator[pytest.MonkeyPatch]:
    """The connections and settings of an installation whose continuous backup is on."""
    restic = {"conn_type": "restic", "password": PASSWORD, "extra": {"repository": job.restic.repository}}
    archive = {"conn_type": "generic", "host": host.archive.where, "password": PHRASE}
    values = {
        "AIRFLOW_CONN_ODOO_DB": postgres(host.port, "odoo", ODOO, NAME),
        "AIRFLOW_CONN_OFITEC_LEDGER": postgres(elsewhere.port, "ledger", LEDGER, str(job.ledger.engine.url.database)),
        "AIRFLOW_CONN_RESTIC_DEFAULT": json.dumps(restic),
        "AIRFLOW_CONN_PGBACKREST_DEFAULT": json.dumps(archive),
        "OFITEC_ENV": "pasos",
        "OFITEC_CONTINUOUS": "true",
        "OFITEC_FILESTORE": str(host.filestore),
        "OFITEC_WORK_DIR": str(job.work),
        "OFITEC_RESTIC": job.restic.binary,
        "OFITEC_PGBACKREST": host.archive.binary,
        "OFITEC_PG_BIN": str(elsewhere.bin),
        "OFITEC_BACKUP_LOCK_TIMEOUT": "2",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    yield monkeypatch
    settings.cache_clear()


def restore(moment: str, **changed: Any) -> dict[str, Any]:
    return {"moment": moment, "database": "por_pasos", "neutralise": False, "backup": None, **changed}


def test_a_failure_that_stays_is_told_once(installed: pytest.MonkeyPatch, host: Host) -> None:
    assert steps.enabled()
    first = steps.look(run_id="one", create_repository=False)
    assert first["look"] > 0
    place = Path(host.archive.where)
    away = place.rename(place.with_name("away"))
    try:
        with pytest.raises(ArchiveAway, match=r"^El almacenamiento del WAL no responde.*\(The archive's folder"):
            steps.look(run_id="two", create_repository=False)
        with pytest.raises(steps.AlreadyTold, match="The archive's folder"):
            steps.look(run_id="three", create_repository=False)
    finally:
        away.rename(place)

    def healed() -> bool:
        """What PostgreSQL could not push meanwhile it pushes again by itself, a little later."""
        try:
            steps.look(run_id="four", create_repository=False)
        except (ArchivingFails, steps.AlreadyTold):
            return False
        return True

    wait_until(healed, "an archive that is whole again")


def test_a_moment_is_planned_asked_for_and_restored(
    installed: pytest.MonkeyPatch, job: Job, host: Host, elsewhere: Cluster
) -> None:
    steps.look(run_id="before", create_repository=False)
    moment = datetime.now(UTC)
    steps.look(run_id="after", create_repository=False)
    # Odoo's server is another one now
    installed.setenv("AIRFLOW_CONN_ODOO_DB", postgres(elsewhere.port, "odoo", ELSEWHERE, NAME))
    typed = moment.astimezone(ZoneInfo("America/Santiago")).replace(tzinfo=None).isoformat(sep=" ")
    plan = steps.plan_restore(restore(typed))
    assert plan["replaces"] == []
    assert typed in plan["moment"]
    assert f"la del momento {typed}" in plan["question"]["subject"]
    done = steps.run_restore(json.loads(json.dumps(plan)), run_id="r", approved=False)
    assert done["missing"] == 0
    with elsewhere.database("por_pasos").connect() as conn:
        assert conn.execute("SELECT count(*) FROM account_move_line").fetchone() == (20000,)
    # the place is taken now: it is to be asked for, and told in words
    asked = steps.plan_restore(restore("último"))
    assert asked["replaces"][0] == "database por_pasos"
    assert "lo que había en el momento **último**" in asked["question"]["body"]
    elsewhere.drop("por_pasos")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"backup": "20261124T053000Z-3f9a01"}, "leave one of them empty"),
        ({"repository": "restic_second"}, "from the first repository"),
        ({"database": "postgres"}, "no name for a restored database"),
    ],
)
def test_what_does_not_go_together_is_refused(
    installed: pytest.MonkeyPatch, changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        steps.plan_restore(restore("2026-11-27 14:32:10", **changed))


def test_a_moment_out_of_reach_is_answered_with_those_that_are_not(installed: pytest.MonkeyPatch) -> None:
    steps.look(run_id="r", create_repository=False)
    with pytest.raises(reach.OutOfReach, match=r"^Ese momento no se puede restaurar.*It can be from .* to "):
        steps.plan_restore(restore("2020-01-01 00:00:00"))


def test_base_backups_are_made_here_only_where_the_server_is(
    installed: pytest.MonkeyPatch, host: Host, tmp_path: Path
) -> None:
    assert steps.rules().cluster is None
    with pytest.raises(InputError, match="made on the database's machine"):
        steps.look(run_id="r", create_repository=True)
    installed.setenv("OFITEC_PGBACKREST_DATA", str(host.data))
    settings.cache_clear()
    assert steps.rules() == minutes.Rules(
        base=timedelta(hours=24), full=timedelta(days=7), keep=timedelta(days=7), cluster=steps.rules().cluster
    )
    assert steps.rules().cluster is not None
    installed.setenv("OFITEC_PGBACKREST_DATA", str(tmp_path))
    settings.cache_clear()
    with pytest.raises(InputError, match="no data directory of PostgreSQL that we may read"):
        steps.rules()


def test_a_connection_that_lacks_something_is_named(installed: pytest.MonkeyPatch) -> None:
    for wrong, message in (
        ({"conn_type": "generic", "password": PHRASE}, "lacks the repository"),
        ({"conn_type": "generic", "host": "/srv/wal", "password": "corta"}, "a password of 20 characters or more"),
    ):
        installed.setenv("AIRFLOW_CONN_PGBACKREST_DEFAULT", json.dumps(wrong))
        with pytest.raises(InputError, match=message):
            pgbackrest()


def test_the_keys_of_an_s3_storage_are_those_of_its_connection(installed: pytest.MonkeyPatch) -> None:
    repository = {"type": "s3", "path": "/odoo", "s3-bucket": "wal", "s3-endpoint": "s3.example.cl", "s3-region": "cl"}
    conn = {"conn_type": "generic", "password": PHRASE, "extra": {"repository": repository, "stanza": "otra"}}
    installed.setenv("AIRFLOW_CONN_PGBACKREST_DEFAULT", json.dumps(conn))
    installed.setenv("AIRFLOW_CONN_AWS_DEFAULT", "aws://AKIA:escondido@")
    made = pgbackrest()
    assert made.where == "s3:wal/odoo"
    lines = made.configuration().splitlines()
    assert {"repo1-s3-key=AKIA", "repo1-s3-key-secret=escondido", "[otra]"} <= set(lines)


def test_switched_off_it_is_silent(installed: pytest.MonkeyPatch, job: Job) -> None:
    steps.look(run_id="on", create_repository=False)
    installed.setenv("OFITEC_CONTINUOUS", "false")
    settings.cache_clear()
    assert not steps.enabled()
    steps.off(run_id="off")
    with job.ledger.transaction() as session:
        assert "pasos" not in continuous.read(session)
