"""Delivers a form to storage, atomically and once, and writes into the ledger what there is to tell about it."""

import hashlib
import json
import logging
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel

from ofitec.clients.storage import Storage
from ofitec.f29.form import FILED, PPM_RATE, ClosedForm, F29Form
from ofitec.ledger import Ledger, deliveries
from ofitec.ledger.folders import require_one
from ofitec.ledger.tables import F29Delivery

log = logging.getLogger(__name__)

MANIFEST = "manifest.json"
Amount = int | float

# what a delivery brings that people have not been told yet
NEW, FIGURES, FILED_NOW, UNFILED, POINTS, AGAIN = "new", "figures", "filed", "unfiled", "points", "again"
DUE = "due"  # another due date, which the SII extended or a person wrote


class Change(BaseModel):
    """A código that differs from the delivery before: whole pesos, documents or a rate; None where it is absent."""

    code: str
    before: Amount | None
    after: Amount | None


class News(BaseModel):
    """What people are to be told of a delivery; without reasons, nothing."""

    reasons: list[str] = []
    changes: list[Change] = []


class Receipt(BaseModel):
    """What a delivery did: `outcome` is "delivered", "unchanged" or "put back"."""

    delivery_id: int
    outcome: str
    url: str
    news: News = News()


def require_one_folder(ledger: Ledger, url: str) -> None:
    """Deliveries into a folder go into the one that other workers deliver into.

    :param url: OFITEC_EXPORT_URL
    :raises NotShared: if another worker has another folder there
    """
    if url.startswith("file://"):
        folder = Path(url.removeprefix("file://"))
        require_one(ledger, folder, what="OFITEC_EXPORT_URL", instead="s3://<aws connection>@bucket/prefix")


def folder_of(form: F29Form) -> str:
    """Where a form's files lie below the export root: f29/<rut>/<period>/v<version>."""
    return f"f29/{form.rut}/{form.period}/v{form.version}"


def changes(before: dict[str, Amount], after: dict[str, Amount]) -> list[Change]:
    """Código by código what differs, in the order of the códigos."""
    codes = sorted(before.keys() | after.keys(), key=int)
    return [Change(code=c, before=before.get(c), after=after.get(c)) for c in codes if before.get(c) != after.get(c)]


def news(form: F29Form, told: F29Delivery | None) -> News:
    """What is new about a form.

    :param told: the delivery of its version that people were last told of, None if they never were
    """
    if told is None:
        return News(reasons=[FILED_NOW if form.is_filed else NEW])
    before, after = dict(told.casillas), form.figures
    if told.points is None:  # of a package that kept neither what waits nor código 115
        after.pop(PPM_RATE, None)
    changed = changes(before, after)
    was_filed = told.status in FILED
    filed_as = (told.folio, told.filed_on, told.filed_total)
    reasons = []
    if form.is_filed and (not was_filed or filed_as != (form.folio, form.filed_on, form.filed_total)):
        reasons.append(FILED_NOW)
    if was_filed and not form.is_filed:
        reasons.append(UNFILED)
    if changed:
        reasons.append(FIGURES)
    if told.points is not None and set(form.waits_for()) - set(told.points):
        reasons.append(POINTS)
    if form.has_due_date_to_tell and told.due_date and form.due_date != told.due_date:
        reasons.append(DUE)
    return News(reasons=reasons, changes=changed)


def deliver(storage: Storage, ledger: Ledger, closed: ClosedForm, *, run_id: str, force: bool = False) -> Receipt:
    """Write the files if they are not there already, byte for byte, and record what there is to tell.

    Running it again with the same data changes nothing: neither a file nor a row.

    :param run_id: the run that delivers, for the manifest and the ledger
    :param force: deliver and tell again even if nothing changed
    :raises StorageFailed: if the storage refused; the folder is as it was
    """
    form, folder = closed.form, folder_of(closed.form)
    content = closed.contents()
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
    url = f"{storage.url}/{folder}"
    last = deliveries.latest(ledger, form.rut, form.period, form.version)
    fresh = news(form, deliveries.latest_told(ledger, form.rut, form.period, form.version))
    if force and not fresh.reasons:
        fresh = News(reasons=[AGAIN])
    if last is not None and not force and _known(last, form, digests, url, fresh):
        if _stored(storage, folder) == digests:
            log.info("F29 %s of %s is unchanged since %s: nothing delivered", form.period, form.rut, last.delivered_at)
            return Receipt(delivery_id=last.id, outcome="unchanged", url=url, news=fresh)
        storage.replace(folder, {**content, MANIFEST: _manifest(closed, content, digests, run_id)}, last=MANIFEST)
        log.info("F29 %s of %s: its files were missing or altered in %s and were put back", form.period, form.rut, url)
        return Receipt(delivery_id=last.id, outcome="put back", url=url, news=fresh)

    storage.replace(folder, {**content, MANIFEST: _manifest(closed, content, digests, run_id)}, last=MANIFEST)
    delivery_id = deliveries.record(ledger, _row(form, digests, url, run_id, fresh))
    log.info("F29 %s v%d of %s (%s) delivered to %s", form.period, form.version, form.rut, form.status, url)
    return Receipt(delivery_id=delivery_id, outcome="delivered", url=url, news=fresh)


def _known(last: F29Delivery, form: F29Form, digests: dict[str, str], url: str, fresh: News) -> bool:
    """Whether the last delivery says all of this already, even if its message has not gone out yet."""
    # the manifest names the status: an approval alone is a delivery too, though not one to tell of
    same = (last.files, last.status, last.url) == (digests, form.status, url)
    if form.has_due_date_to_tell:
        same = same and last.due_date == form.due_date
    waiting = last.told_at is None and last.news == fresh.model_dump(mode="json")
    return same and (not fresh.reasons or waiting)


def _stored(storage: Storage, folder: str) -> dict[str, str] | None:
    """Digests of the stored files that the stored manifest names, read from the files themselves; None without one."""
    raw = storage.read(f"{folder}/{MANIFEST}")
    if raw is None:
        return None
    try:
        names = [entry["name"] for entry in json.loads(raw)["files"]]
    except (ValueError, KeyError, TypeError):
        return None
    found = {name: storage.read(f"{folder}/{name}") for name in names}
    return {name: hashlib.sha256(data).hexdigest() for name, data in found.items() if data is not None}


def _manifest(closed: ClosedForm, content: dict[str, bytes], digests: dict[str, str], run_id: str) -> bytes:
    form = closed.form
    document = {
        "format": "ofitec-f29/1",
        "period": form.period,
        "rut": form.rut,
        "company": form.company,
        "files": [{"name": name, "sha256": digests[name], "bytes": len(content[name])} for name in sorted(content)],
        "totals": {code: form.amount(code) for code in ("538", "537", "89", "77", "595", "547", "91")},
        "odoo": {"model": "of.sii.f29", "id": form.id, "version": form.version, "status": form.status},
        "run": {"dag_id": "f29_monthly", "run_id": run_id},
        "delivered_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    if form.is_filed:
        filed_on = form.filed_on.isoformat() if form.filed_on else None
        document["filed"] = {"folio": form.folio, "filed_on": filed_on, "total": form.total}
    if (compared := closed.reconciliation) is not None:
        document["reconciliation"] = {"certified": compared.certified, "differing": compared.differing}
    return json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"


def _row(form: F29Form, digests: dict[str, str], url: str, run_id: str, told: News) -> F29Delivery:
    return F29Delivery(
        rut=form.rut,
        company=form.company,
        period=form.period,
        odoo_id=form.id,
        version=form.version,
        status=form.status,
        casillas=form.figures,
        warnings=[warning.model_dump() for warning in form.warnings],
        files=digests,
        url=url,
        due_date=form.due_date,
        folio=form.folio,
        filed_on=form.filed_on,
        filed_total=form.filed_total,
        points=form.waits_for(),
        news=told.model_dump(mode="json"),
        run_id=run_id,
    )
