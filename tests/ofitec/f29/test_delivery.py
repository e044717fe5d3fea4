"""Deliveries on a real ledger: once, again after a change, as they are when filed, put back when files were lost."""

import base64
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.local import LocalFileSystem

from ofitec.clients.storage import Storage, StorageFailed
from ofitec.f29.delivery import AGAIN, DUE, FIGURES, FILED_NOW, MANIFEST, NEW, POINTS, UNFILED, Change, changes, deliver
from ofitec.f29.form import ClosedForm, MissingInput
from ofitec.f29.rcv.delivery import Reconciliation
from ofitec.ledger import Ledger, deliveries
from tests.ofitec.f29.examples import example_a

NOW = datetime(2026, 9, 8, 10, 0, tzinfo=UTC)
FOLDER = Path("f29/77123456-9/2026-08/v1")


def closed(*, form: dict[str, Any] | None = None, **changed: int) -> ClosedForm:
    """Example A as it leaves Odoo; `form` changes fields of it, the rest códigos."""
    made = example_a(**changed).model_copy(update=form or {})
    text = json.dumps(made.casillas)
    return ClosedForm(form=made, files={f"F29_2026-08.{fmt}": f"{fmt} {text}" for fmt in ("csv", "json", "xml")})


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(LocalFileSystem(), str(tmp_path), "file://exports")


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {str(p.relative_to(folder)): (p.stat().st_mtime_ns, p.read_bytes()) for p in folder.rglob("*.*")}


def told(storage: Storage, ledger: Ledger, form: ClosedForm, run_id: str, **options: Any) -> list[str]:
    """Deliver, tell, and return the reasons there were to tell."""
    receipt = deliver(storage, ledger, form, run_id=run_id, **options)
    if receipt.news.reasons:
        deliveries.told(ledger, receipt.delivery_id, NOW)
    return receipt.news.reasons


def test_a_second_run_changes_neither_a_file_nor_a_row(tmp_path: Path, storage: Storage, ledger: Ledger) -> None:
    first = deliver(storage, ledger, closed(), run_id="run 1")
    deliveries.told(ledger, first.delivery_id, NOW)
    before = snapshot(tmp_path)
    second = deliver(storage, ledger, closed(), run_id="run 2")
    assert (first.outcome, second.outcome) == ("delivered", "unchanged")
    assert (first.news.reasons, second.news.reasons) == ([NEW], [])
    assert second.delivery_id == first.delivery_id
    assert snapshot(tmp_path) == before


def test_a_message_that_could_not_leave_is_told_by_the_next_run(storage: Storage, ledger: Ledger) -> None:
    first = deliver(storage, ledger, closed(), run_id="run 1")
    again = deliver(storage, ledger, closed(), run_id="run 2")
    assert (again.delivery_id, again.news) == (first.delivery_id, first.news)
    deliveries.told(ledger, first.delivery_id, NOW)
    untold = deliver(storage, ledger, closed(c502=247000), run_id="run 3")
    last = deliver(storage, ledger, closed(c502=257000), run_id="run 4")
    assert untold.news.reasons == last.news.reasons == [FIGURES]
    assert last.news.changes == [Change(code="502", before=228000, after=257000)], "since what people know"


def test_the_manifest_describes_what_lies_beside_it(tmp_path: Path, storage: Storage, ledger: Ledger) -> None:
    deliver(storage, ledger, closed(), run_id="run 1")
    manifest = json.loads((tmp_path / FOLDER / MANIFEST).read_bytes())
    assert {entry["name"]: entry["bytes"] for entry in manifest["files"]} == {
        path.name: path.stat().st_size for path in (tmp_path / FOLDER).iterdir() if path.name != MANIFEST
    }
    assert manifest["totals"]["91"] == 32775
    assert manifest["odoo"] == {"model": "of.sii.f29", "id": 7, "version": 1, "status": "ready"}
    assert manifest["run"]["run_id"] == "run 1"
    assert "filed" not in manifest


def compared(*, certified: bool, text: str) -> Reconciliation:
    names = (f"F29_2026-08_conciliacion.{fmt}" for fmt in ("csv", "xlsx"))
    return Reconciliation(
        certified=certified, differing=0, files={name: base64.b64encode(text.encode()).decode() for name in names}
    )


def test_how_the_month_compared_is_delivered_with_it_and_tells_nobody_anew(
    tmp_path: Path, storage: Storage, ledger: Ledger
) -> None:
    """`rcv_reconcile` tells of a comparison; a new one is a new delivery, not a new message."""
    form = closed()
    form.reconciliation = compared(certified=False, text="tres difieren")
    assert told(storage, ledger, form, "run 1") == [NEW]
    assert deliver(storage, ledger, form, run_id="run 2").outcome == "unchanged"
    form.reconciliation = compared(certified=True, text="todo igual")
    again = deliver(storage, ledger, form, run_id="run 3")
    assert (again.outcome, again.news.reasons) == ("delivered", [])
    assert (tmp_path / FOLDER / "F29_2026-08_conciliacion.csv").read_bytes() == b"todo igual"
    manifest = json.loads((tmp_path / FOLDER / MANIFEST).read_bytes())
    assert manifest["reconciliation"] == {"certified": True, "differing": 0}
    assert [entry["name"] for entry in manifest["files"]][3:] == [
        "F29_2026-08_conciliacion.csv",
        "F29_2026-08_conciliacion.xlsx",
    ]


def test_changed_data_is_delivered_anew_and_told_codigo_by_codigo(storage: Storage, ledger: Ledger) -> None:
    assert told(storage, ledger, closed(), "run 1") == [NEW]
    again = deliver(storage, ledger, closed(c502=247000, c538=248901), run_id="run 2")
    assert again.news.reasons == [FIGURES]
    assert again.news.changes == [
        Change(code="502", before=228000, after=247000),
        Change(code="538", before=229901, after=248901),
    ]
    row = deliveries.latest(ledger, "77123456-9", "2026-08", 1)
    assert row is not None
    assert (row.id, row.casillas["502"], row.run_id) == (again.delivery_id, 247000, "run 2")


def test_filing_is_told_once_with_what_was_filed(tmp_path: Path, storage: Storage, ledger: Ledger) -> None:
    filed = {"folio": "7123456", "filed_on": date(2026, 9, 18), "filed_total": 32775}
    assert told(storage, ledger, closed(), "run 1") == [NEW]
    assert told(storage, ledger, closed(form={"status": "approved"}), "run 2") == [], "a person did it, and knows"
    assert told(storage, ledger, closed(form={"status": "filed", **filed}), "run 3") == [FILED_NOW]
    assert told(storage, ledger, closed(form={"status": "filed", **filed}), "run 4") == []
    assert told(storage, ledger, closed(form={"status": "paid", **filed}), "run 5") == []
    manifest = json.loads((tmp_path / FOLDER / MANIFEST).read_bytes())
    assert manifest["odoo"]["status"] == "paid"
    assert manifest["filed"] == {"folio": "7123456", "filed_on": "2026-09-18", "total": 32775}


def test_what_was_added_and_filed_before_the_next_run_reaches_people(storage: Storage, ledger: Ledger) -> None:
    told(storage, ledger, closed(), "run 1")
    filed = {"status": "filed", "folio": "7123456", "filed_total": 382775}
    done = deliver(storage, ledger, closed(form=filed, c48=350000, c91=382775), run_id="run 2")
    assert done.news.reasons == [FILED_NOW, FIGURES]
    assert [change.code for change in done.news.changes] == ["48", "91"]


def test_a_mark_that_is_taken_back_and_another_folio_are_told(storage: Storage, ledger: Ledger) -> None:
    filed = {"status": "filed", "folio": "1"}
    assert told(storage, ledger, closed(form=filed), "run 1") == [FILED_NOW], "filed before we ever looked"
    assert told(storage, ledger, closed(form={"status": "approved"}), "run 2") == [UNFILED]
    assert told(storage, ledger, closed(form={**filed, "folio": "2"}), "run 3") == [FILED_NOW]
    assert told(storage, ledger, closed(form={**filed, "folio": "3"}), "run 4") == [FILED_NOW]


def test_something_new_that_waits_is_told_and_its_end_is_not(storage: Storage, ledger: Ledger) -> None:
    missing = {"missing_inputs": [MissingInput(code="48", glosa="Impuesto único", last=1_200_000)]}
    assert told(storage, ledger, closed(), "run 1") == [NEW]
    assert told(storage, ledger, closed(form=missing), "run 2") == [POINTS]
    assert told(storage, ledger, closed(form=missing), "run 3") == []
    assert told(storage, ledger, closed(), "run 4") == []


def test_another_due_date_is_told_once_and_not_of_what_is_filed(storage: Storage, ledger: Ledger) -> None:
    later = {"due_date": date(2026, 9, 25)}
    assert told(storage, ledger, closed(), "run 1") == [NEW]
    assert told(storage, ledger, closed(form=later), "run 2") == [DUE]
    assert told(storage, ledger, closed(form={**later, "status": "approved"}), "run 3") == []
    filed = {**later, "status": "filed", "folio": "1"}
    assert told(storage, ledger, closed(form=filed), "run 4") == [FILED_NOW]
    assert told(storage, ledger, closed(form={**filed, "due_date": date(2026, 9, 28)}), "run 5") == []


def test_each_version_keeps_its_folder(tmp_path: Path, storage: Storage, ledger: Ledger) -> None:
    assert told(storage, ledger, closed(form={"status": "filed"}), "run 1") == [FILED_NOW]
    first = snapshot(tmp_path / FOLDER)
    assert told(storage, ledger, closed(form={"version": 2, "previous_total": 32775}, c91=40000), "run 2") == [NEW]
    assert snapshot(tmp_path / FOLDER) == first
    assert (tmp_path / FOLDER.parent / "v2" / "F29_2026-08.csv").exists()


@pytest.mark.parametrize("lost", ["F29_2026-08.csv", MANIFEST])
def test_a_lost_or_altered_file_is_put_back(tmp_path: Path, storage: Storage, ledger: Ledger, lost: str) -> None:
    first = deliver(storage, ledger, closed(), run_id="run 1")
    deliveries.told(ledger, first.delivery_id, NOW)
    victim = next(tmp_path.rglob(lost))
    good = {path.name: path.read_bytes() for path in victim.parent.iterdir() if path.name != MANIFEST}
    victim.write_bytes(b"scribble")
    again = deliver(storage, ledger, closed(), run_id="run 2")
    assert (again.outcome, again.delivery_id, again.news.reasons) == ("put back", first.delivery_id, [])
    assert {path.name: path.read_bytes() for path in victim.parent.iterdir() if path.name != MANIFEST} == good


def test_force_delivers_and_tells_again(storage: Storage, ledger: Ledger) -> None:
    first = deliver(storage, ledger, closed(), run_id="run 1")
    deliveries.told(ledger, first.delivery_id, NOW)
    again = deliver(storage, ledger, closed(), run_id="run 2", force=True)
    assert again.news.reasons == [AGAIN]
    assert again.delivery_id > first.delivery_id


def test_a_refusing_storage_leaves_no_row(tmp_path: Path, ledger: Ledger) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageFailed):
        deliver(Storage(LocalFileSystem(), str(tmp_path / "file"), "file://x"), ledger, closed(), run_id="run 1")
    assert deliveries.latest(ledger, "77123456-9", "2026-08", 1) is None


def test_changes_name_what_came_and_went() -> None:
    assert changes({"77": 5, "91": 1}, {"91": 2, "48": 9}) == [
        Change(code="48", before=None, after=9),
        Change(code="77", before=5, after=None),
        Change(code="91", before=1, after=2),
    ]
