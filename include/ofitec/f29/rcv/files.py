"""Takes the files of the SII's register (RCV) from storage into Odoo, each once by what it holds."""

import base64
import hashlib
import logging
from typing import Any, Protocol

from pydantic import BaseModel

from ofitec.clients.odoo import OdooForbidden, OdooRefused
from ofitec.clients.storage import Storage
from ofitec.errors import InputError
from ofitec.f29.form import Company, normal_rut
from ofitec.f29.period import Period
from ofitec.ledger import Ledger, rcv
from ofitec.ledger.rcv_tables import RcvFile

log = logging.getLogger(__name__)

ROOT = "rcv"  # below the export root


class Odoo(Protocol):
    """What this module needs of the Odoo client."""

    def call(self, model: str, method: str, *args: object) -> Any: ...


class Rejected(BaseModel):
    """A file that Odoo did not take in, and why, in Odoo's words."""

    file: str
    reason: str


class TakenIn(BaseModel):
    """What one look at a month's folder brought: names of the files that are new in Odoo, and those that it refused."""

    loaded: list[str] = []
    rejected: list[Rejected] = []


class Folders(BaseModel):
    """What lies below `rcv/`."""

    by_rut: dict[str, list[str]] = {}  # RUT to the folders of its files below the export root
    astray: list[str] = []  # folders that name no RUT or no month, and files outside of a month's folder


def folders(storage: Storage) -> Folders:
    """The folders of the register, whichever way people write a RUT: "rcv/76.123.456-0".

    :raises StorageFailed: if the storage does not answer
    """
    found = Folders(astray=[f"{ROOT}/{name}" for name in storage.files(ROOT)])
    for name in storage.folders(ROOT):
        place = f"{ROOT}/{name}"
        try:
            found.by_rut.setdefault(normal_rut(name), []).append(place)
        except InputError:
            found.astray.append(place)
            continue
        found.astray += [f"{place}/{month}" for month in storage.folders(place) if not _is_month(month)]
        found.astray += [f"{place}/{file}" for file in storage.files(place)]
    for path in found.astray:
        log.warning("%s/%s is no month's folder of a RUT: it is not read.", storage.url, path)
    return found


def _is_month(name: str) -> bool:
    try:
        return str(Period.parse(name)) == name
    except InputError:
        return False


def take_in(
    odoo: Odoo,
    ledger: Ledger,
    storage: Storage,
    company: Company,
    period: str,
    places: list[str],
    *,
    run_id: str,
    force: bool = False,
) -> TakenIn:
    """Load what is new in a month's folders, the file written last at the end: of two of a section that one counts.

    A file that Odoo refuses stays where it is and stops no other; it is tried again by the next run.

    :param period: "YYYY-MM"
    :param places: folders of the company below the export root
    :param force: load what was loaded before too; Odoo changes nothing by it that is the same
    :raises OdooDown, StorageFailed: what was loaded before that stays loaded and is known
    :raises OdooForbidden: if the robot may not load
    """
    known, done = rcv.taken_in(ledger, company.rut, period), TakenIn()
    for place in places:
        for name in storage.files(f"{place}/{period}"):
            path = f"{place}/{period}/{name}"
            data = storage.read(path)
            sha256 = hashlib.sha256(data or b"").hexdigest()
            if data is None or (sha256 in known and not force):
                continue
            try:
                answer = odoo.call(
                    "of.sii.rcv", "load", company.id, period, name, base64.b64encode(data).decode("ascii")
                )
            except OdooForbidden:
                raise
            except OdooRefused as refusal:
                log.warning("%s was not taken in: %s", path, refusal)
                done.rejected.append(Rejected(file=name, reason=str(refusal)))
                continue
            known.add(sha256)
            done.loaded.append(name)
            rcv.record_file(ledger, _row(company, period, path, sha256, answer, run_id))
            log.info(
                "%s taken in as %s: %d lines read, %d refused",
                path, answer["section"], answer["rows"], len(answer["refused"]),
            )  # fmt: skip
    return done


def _row(company: Company, period: str, path: str, sha256: str, answer: dict[str, Any], run_id: str) -> RcvFile:
    return RcvFile(
        rut=company.rut,
        period=period,
        path=path,
        sha256=sha256,
        section=answer["section"],
        rows=answer["rows"],
        refused=len(answer["refused"]),
        run_id=run_id,
    )
