"""Deliveries on a real ledger: once, again after a change, and put back when files were lost."""

import json
from pathlib import Path

import pytest
from fsspec.implementations.local import LocalFileSystem

from ofitec.clients.storage import Storage, StorageFailed
from ofitec.f29.delivery import MANIFEST, Change, changes, deliver
from ofitec.f29.form import ClosedForm
from ofitec.ledger import Ledger, deliveries
from tests.ofitec.f29.examples import example_a


def closed(**changed: int) -> ClosedForm:
    form = example_a(**changed)
    text = json.dumps(form.casillas)
    return ClosedForm(form=form, files={f"F29_2026-08.{fmt}": f"{fmt} {text}" for fmt in ("csv", "json", "xml")})


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(LocalFileSystem(), str(tmp_path), "file://exports")


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {p.name: (p.stat().st_mtime_ns, p.read_bytes()) for p in folder.rglob("*") if p.is_file()}


def test_a_second_run_changes_neither_a_file_nor_a_row(tmp_path: Path, storage: Storage, ledger: Ledger) -> None:
    first = deliver(storage, ledger, closed(), run_id="run 1")
    before = snapshot(tmp_path)
    second = deliver(storage, ledger, closed(), run_id="run 2")
    assert (first.outcome, second.outcome) == ("new", "unchanged")
    assert second.delivery_id == first.delivery_id
    assert snapshot(tmp_path) == before


def test_the_manifest_describes_what_lies_beside_it(tmp_path: Path, storage: Storage, ledger: Ledger) -> None:
    deliver(storage, ledger, closed(), run_id="run 1")
    folder = tmp_path / "f29" / "77123456-9" / "2026-08"
    manifest = json.loads((folder / MANIFEST).read_bytes())
    assert {entry["name"]: entry["bytes"] for entry in manifest["files"]} == {
        path.name: path.stat().st_size for path in folder.iterdir() if path.name != MANIFEST
    }
    assert manifest["totals"]["91"] == 32775
    assert manifest["odoo"] == {"model": "of.sii.f29", "id": 7, "version": 1, "status": "ready"}
    assert manifest["run"]["run_id"] == "run 1"


def test_changed_data_is_delivered_anew_and_told_codigo_by_codigo(storage: Storage, ledger: Ledger) -> None:
    deliver(storage, ledger, closed(), run_id="run 1")
    again = deliver(storage, ledger, closed(c502=247000, c538=248901), run_id="run 2")
    assert again.outcome == "changed"
    assert again.changes == [
        Change(code="502", before=228000, after=247000),
        Change(code="538", before=229901, after=248901),
    ]
    row = deliveries.latest(ledger, "77123456-9", "2026-08")
    assert row is not None
    assert (row.id, row.casillas["502"], row.run_id) == (again.delivery_id, 247000, "run 2")


@pytest.mark.parametrize("lost", ["F29_2026-08.csv", MANIFEST])
def test_a_lost_or_altered_file_is_put_back(tmp_path: Path, storage: Storage, ledger: Ledger, lost: str) -> None:
    first = deliver(storage, ledger, closed(), run_id="run 1")
    victim = next(tmp_path.rglob(lost))
    good = {path.name: path.read_bytes() for path in victim.parent.iterdir() if path.name != MANIFEST}
    victim.write_bytes(b"scribble")
    again = deliver(storage, ledger, closed(), run_id="run 2")
    assert (again.outcome, again.delivery_id) == ("repeated", first.delivery_id)
    assert {path.name: path.read_bytes() for path in victim.parent.iterdir() if path.name != MANIFEST} == good


def test_force_delivers_again(storage: Storage, ledger: Ledger) -> None:
    first = deliver(storage, ledger, closed(), run_id="run 1")
    again = deliver(storage, ledger, closed(), run_id="run 2", force=True)
    assert again.outcome == "repeated"
    assert again.delivery_id > first.delivery_id


def test_a_refusing_storage_leaves_no_row(tmp_path: Path, ledger: Ledger) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageFailed):
        deliver(Storage(LocalFileSystem(), str(tmp_path / "file"), "file://x"), ledger, closed(), run_id="run 1")
    assert deliveries.latest(ledger, "77123456-9", "2026-08") is None


def test_changes_name_what_came_and_went() -> None:
    assert changes({"77": 5, "91": 1}, {"91": 2, "48": 9}) == [
        Change(code="48", before=None, after=9),
        Change(code="77", before=5, after=None),
        Change(code="91", before=1, after=2),
    ]
