"""Delivers a closed F29 to storage, atomically and once, and writes it into the ledger."""

import hashlib
import json
import logging
from datetime import UTC, datetime

from pydantic import BaseModel

from ofitec.clients.storage import Storage
from ofitec.f29.form import ClosedForm, F29Form
from ofitec.ledger import Ledger, deliveries
from ofitec.ledger.tables import F29Delivery

log = logging.getLogger(__name__)

MANIFEST = "manifest.json"


class Change(BaseModel):
    """A código that differs from the delivery before, in whole pesos or documents; None where it was or is absent."""

    code: str
    before: int | None
    after: int | None


class Receipt(BaseModel):
    """What a delivery did."""

    delivery_id: int
    outcome: str  # "new", "changed", "unchanged" or "repeated"
    url: str
    changes: list[Change] = []


def folder_of(form: F29Form) -> str:
    """Where a form's files lie below the export root: f29/<rut>/<period>."""
    return f"f29/{form.rut}/{form.period}"


def changes(before: dict[str, int], after: dict[str, int]) -> list[Change]:
    """Código by código what differs, in the order of the códigos."""
    codes = sorted(before.keys() | after.keys(), key=int)
    return [Change(code=c, before=before.get(c), after=after.get(c)) for c in codes if before.get(c) != after.get(c)]


def deliver(storage: Storage, ledger: Ledger, closed: ClosedForm, *, run_id: str, force: bool = False) -> Receipt:
    """Write the files if they are not there already, byte for byte, and record it.

    Running it again with the same data changes nothing: neither a file nor a row.

    :param run_id: the run that delivers, for the manifest and the ledger
    :param force: deliver again even if nothing changed
    :raises StorageFailed: if the storage refused; the folder is as it was
    """
    form, folder = closed.form, folder_of(closed.form)
    content = {name: text.encode() for name, text in closed.files.items()}
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
    last = deliveries.latest(ledger, form.rut, form.period)
    url = f"{storage.url}/{folder}"
    known = last is not None and last.files == digests
    if known and not force and _stored(storage, folder) == digests:
        assert last is not None
        log.info("F29 %s of %s is unchanged since %s: nothing delivered", form.period, form.rut, last.delivered_at)
        return Receipt(delivery_id=last.id, outcome="unchanged", url=url)

    manifest = _manifest(form, content, digests, run_id)
    storage.replace(folder, {**content, MANIFEST: manifest}, last=MANIFEST)
    if known and not force:
        assert last is not None
        log.info("F29 %s of %s: its files were missing or altered in %s and were put back", form.period, form.rut, url)
        return Receipt(delivery_id=last.id, outcome="repeated", url=url)
    delivery_id = deliveries.record(ledger, _row(form, digests, url, run_id))
    log.info("F29 %s of %s delivered to %s", form.period, form.rut, url)
    if last is None:
        return Receipt(delivery_id=delivery_id, outcome="new", url=url)
    return Receipt(
        delivery_id=delivery_id,
        outcome="repeated" if known else "changed",
        url=url,
        changes=changes(last.casillas, form.casillas),
    )


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


def _manifest(form: F29Form, content: dict[str, bytes], digests: dict[str, str], run_id: str) -> bytes:
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
    return json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"


def _row(form: F29Form, digests: dict[str, str], url: str, run_id: str) -> F29Delivery:
    return F29Delivery(
        rut=form.rut,
        company=form.company,
        period=form.period,
        odoo_id=form.id,
        version=form.version,
        status=form.status,
        casillas=form.casillas,
        warnings=[warning.model_dump() for warning in form.warnings],
        files=digests,
        url=url,
        due_date=form.due_date,
        run_id=run_id,
    )
