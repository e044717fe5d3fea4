"""Three years of ledger rows by arithmetic: the same every time, with bad nights where the tests look for them."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import delete

from ofitec.f29.period import complete
from ofitec.ledger import Ledger
from ofitec.ledger.tables import (
    ApprovalAnswer,
    BackupRun,
    Deployment,
    F29Delivery,
    F29State,
    Notification,
    RestoreProof,
    Scaling,
    SourceReading,
)

NOW = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
ENV = "production"
NIGHTS = 3 * 365
READ = timedelta(minutes=3)  # since Odoo was asked
COMPANIES = [("76123456-0", "Comercial Los Aromos SpA"), ("77888999-1", "Transportes Río Claro Ltda.")]


def fill(ledger: Ledger, now: datetime) -> None:
    """Write the past that ends at `now`: a night each day at 05:30 UTC, its proof an hour later."""
    with ledger.transaction() as session:
        for age in range(NIGHTS, -1, -1):
            at = now.replace(hour=5, minute=30) - timedelta(days=age)
            night = backup(at, failed=age in (40, 41), size=2_400_000_000 + (NIGHTS - age) * 400_000)
            session.add(night)
            if night.status == "checked":
                session.flush()
                session.add(proof(night, minutes=11 + age % 7 + age // 90, refuted=age == 20))
        for age in range(36):
            for rut, company in COMPANIES:
                session.add(delivery(rut, company, str(complete(now.date(), 36)[-1 - age]), now))
        for period in complete(now.date(), 3):
            for rut, company in COMPANIES:
                session.add(state(rut, company, str(period), now))
        session.merge(SourceReading(source="odoo", tried_at=now - READ, read_at=now - READ, error=None))
        session.add_all(deployment(number, now) for number in range(150))
        session.add_all(answers(now))
        session.add_all(scalings(now))
        session.add_all(notification(number, now) for number in range(500))


def forget(ledger: Ledger) -> None:
    """Take out what `fill` wrote, and only that: other tests use the same ledger."""
    ruts = [rut for rut, _ in COMPANIES]
    with ledger.transaction() as session:
        session.execute(delete(RestoreProof).where(RestoreProof.env == ENV))
        session.execute(delete(BackupRun).where(BackupRun.env == ENV))
        session.execute(delete(Deployment).where(Deployment.env == ENV))
        session.execute(delete(F29Delivery).where(F29Delivery.rut.in_(ruts)))
        session.execute(delete(F29State).where(F29State.rut.in_(ruts)))
        session.execute(delete(SourceReading))
        session.execute(delete(Scaling).where(Scaling.env == ENV))
        session.execute(delete(ApprovalAnswer).where(ApprovalAnswer.run_id.like("of_the_past%")))
        session.execute(delete(Notification).where(Notification.dag_id == "of_the_past"))


def backup(at: datetime, *, failed: bool = False, size: int = 2_400_000_000) -> BackupRun:
    """One night: `at` is the moment of its data."""
    parts = {"database": (size * 2 // 5, 9_000_000), "filestore": (size * 3 // 5, 21_000_000)}
    saved = {
        part: {"id": "0" * 64, "processed": read, "added": added, "files": 9000, "seconds": 80.0}
        for part, (read, added) in parts.items()
    }
    return BackupRun(
        key=f"{at:%Y%m%dT%H%M%SZ}-abc123",
        env=ENV,
        repository="s3:backups.example/odoo",
        run_id=f"scheduled__{at:%Y-%m-%dT%H:%M:%S}+00:00",
        status="failed" if failed else "checked",
        snapshot_at=None if failed else at,
        snapshots={} if failed else saved,
        figures={"tables": {f"table_{number}": [number, number * 7] for number in range(400)}},
        repository_bytes=None if failed else size * 3,
        error="The repository does not answer." if failed else None,
        started_at=at,
        finished_at=at + timedelta(minutes=6),
    )


def copied(night: BackupRun) -> BackupRun:
    """A night's copy in a second repository, an hour later."""
    assert night.snapshot_at is not None
    return BackupRun(
        key=f"{night.key}-9a1c",
        env=night.env,
        repository="s3:copies.example/odoo",
        run_id=night.run_id,
        status="checked",
        copy_of=night.key,
        snapshot_at=night.snapshot_at,
        snapshots={part: {**saved, "original": saved["id"]} for part, saved in night.snapshots.items()},
        figures=night.figures,
        repository_bytes=night.repository_bytes,
        started_at=night.snapshot_at + timedelta(hours=1),
        finished_at=night.snapshot_at + timedelta(hours=1, minutes=20),
    )


def proof(night: BackupRun, *, minutes: int, refuted: bool = False) -> RestoreProof:
    """The proof of a night, an hour after its data."""
    assert night.snapshot_at is not None
    if refuted:
        night.status = "refuted"
    seconds = minutes * 60.0
    return RestoreProof(
        backup_id=night.id,
        env=night.env,
        run_id="asset_triggered__1",
        outcome="refuted" if refuted else "passed",
        read_data=False,
        booted=not refuted,
        tables=412,
        rows=1_834_210,
        files=9_214,
        steps={"fetch": seconds * 0.3, "load": seconds * 0.6, "boot": seconds * 0.1, "compare": 70.0},
        rto_seconds=None if refuted else seconds,
        findings=["Table res_partner has 3 rows less."] if refuted else [],
        started_at=night.snapshot_at + timedelta(minutes=30),
        finished_at=night.snapshot_at + timedelta(minutes=60),
    )


def delivery(rut: str, company: str, period: str, now: datetime) -> F29Delivery:
    """A delivered form; the first company pays, the second has a credit."""
    payable = 4_318_250 if rut == COMPANIES[0][0] else 0
    casillas: dict[str, Any] = {"538": 9_000_000, "537": 4_681_750, "89": payable, "77": 0, "91": payable}
    return F29Delivery(
        rut=rut,
        company=company,
        period=period,
        odoo_id=1,
        version=1,
        status="ready",
        casillas=casillas,
        warnings=[],
        files={"F29.csv": "0" * 64},
        url="s3://bucket/f29",
        due_date=None,
        run_id="scheduled__1",
        delivered_at=now,
    )


def state(rut: str, company: str, period: str, now: datetime) -> F29State:
    """The last month waits for approval or is missing; those before were filed and paid."""
    last = period == str(complete(now.date(), 1)[0])
    pays = rut == COMPANIES[0][0]
    year, month = map(int, period.split("-"))
    due = date(year + month // 12, month % 12 + 1, 26 if last else 20)
    stands: dict[str, Any] = {"status": "missing"}
    if last and pays:
        stands = {"status": "ready", "version": 1, "payable": 4_318_250}
    elif not last:
        # the month before the last: filed two days late by the first company, being rectified by the second
        newest = period == str(complete(now.date(), 2)[0])
        stands = {"status": "paid", "version": 1, "payable": 2_482_412 if pays else 0, "folio": f"70{month:02d}"}
        stands["filed_on"] = due + timedelta(days=2 if newest and pays else -1)
        stands["rectifying"] = "ready" if newest and not pays else None
    return F29State(rut=rut, company=company, period=period, due_date=due, read_at=now - READ, **stands)


def digest(number: int) -> str:
    """The image of a release."""
    return f"sha256:{hashlib.sha256(str(number).encode()).hexdigest()}"


def deployment(number: int, now: datetime) -> Deployment:
    """A deploy a week; the newest was undone, the one before it serves."""
    at = now - timedelta(days=3 + 7 * (149 - number))
    undone = number == 149
    return Deployment(
        run=f"{at:%Y%m%dT%H%M}-{number}",
        env=ENV,
        kind="deploy",
        requested=f"registry.example.cl/odoo:2026.{number}",
        image=f"registry.example.cl/odoo@{digest(number)}",
        before=f"registry.example.cl/odoo@{digest(number - 1)}",
        mode="MIGRATE" if number % 10 == 8 else "CODE",
        modules=[],
        status="undone" if undone else "done",
        who="ops@example.cl",
        steps=[{"name": "watch", "state": "begun", "seconds": None}] if undone else [],
        rehearsal=None,
        maintenance_seconds=74.0 if number % 10 == 8 else None,
        error="The login page answered 500 after the switch." if undone else None,
        dag_id="odoo_deploy",
        run_id=f"manual__{number}",
        planned_at=at,
        finished_at=at + timedelta(minutes=4),
    )


def notification(number: int, now: datetime) -> Notification:
    """A message; one of the last day was refused by every channel."""
    sent = number != 0
    return Notification(
        key=f"failure/of_the_past/{number}",
        kind="failure",
        dag_id="of_the_past",
        run_id=str(number),
        status="sent" if sent else "failed",
        attempts=1,
        claimed_at=now - timedelta(hours=1 + number),
        sent_at=now if sent else None,
    )


def answers(now: datetime) -> list[ApprovalAnswer]:
    """One of each kind, the newest a yes that counts."""
    reason = "ops pidió esta ejecución, y quien pide no aprueba."
    kinds = [("silence", None), ("rejected", "paula"), ("refused", "ops"), ("approved", "paula")]
    return [
        ApprovalAnswer(
            dag_id="odoo_deploy",
            run_id=f"of_the_past_{number}",
            question="¿Instalar odoo@0123456789ab?",
            requested_by="ops",
            answer=answer,
            answered_by=who,
            answered_at=now - timedelta(hours=4 - number),
            reason=reason if answer == "refused" else None,
        )
        for number, (answer, who) in enumerate(kinds)
    ]


def scalings(now: datetime) -> list[Scaling]:
    """A change of yesterday that did good, and a look at it seven minutes ago."""
    common: dict[str, Any] = {"env": ENV, "readings": {}, "dag_id": "odoo_scale", "run_id": "scheduled__1"}
    changed = Scaling(
        run="scaled-1",
        act="grow",
        workers=2,
        target=6,
        reason="Hay 4,6 peticiones a la vez para 2 procesos.",
        status="done",
        who="odoo_scale",
        decided_at=now - timedelta(days=1),
        switched_at=now - timedelta(days=1) + timedelta(minutes=1),
        verdict="fine",
        judgement="El 95 % respondía en menos de 1,8 s y ahora en menos de 0,6 s.",
        judged_at=now - timedelta(hours=23),
        **common,
    )
    looked = Scaling(
        run="scaled-2",
        act="stay",
        workers=6,
        target=6,
        reason="Hay 3,1 peticiones <a la vez> para 6 procesos. Bastan los que hay.",
        status="stay",
        who="odoo_scale",
        decided_at=now - timedelta(minutes=7),
        **common,
    )
    return [changed, looked]
