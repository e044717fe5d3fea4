"""The SII's register, morning by morning, as `rcv_reconcile` lives it: real ledger, real files; Odoo answers from a
script (the real one answers in tests/e2e/test_rcv_reconcile.py)."""

import hashlib
import logging
import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from ofitec.clients.odoo import OdooClient, OdooDown, OdooForbidden
from ofitec.clients.slack import SlackFailed
from ofitec.errors import InputError, SeveralUnfinished
from ofitec.f29 import branches
from ofitec.f29.rcv import steps
from ofitec.ledger import Ledger, targets
from ofitec.notify import channels
from ofitec.settings import settings
from tests.ofitec.f29.rcv.mornings import COUNTERPART, OTHER, RUT, Mornings, ScriptedOdoo

SALES, PURCHASES = b"ventas de julio", b"compras de julio"


@pytest.fixture
def mornings(
    ledger: Ledger, ledger_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Mornings:
    odoo, heard = ScriptedOdoo(), list[str]()
    monkeypatch.setenv("AIRFLOW_CONN_OFITEC_LEDGER", ledger_dsn)
    monkeypatch.setenv("OFITEC_EXPORT_URL", f"file://{tmp_path}")
    monkeypatch.setenv("OFITEC_ODOO_URL", "https://odoo.example")
    monkeypatch.setattr(OdooClient, "from_connection", lambda *_, **__: odoo)
    monkeypatch.setattr(channels, "tell", lambda text, blocks: heard.append(f"{text}\n{blocks}"))
    settings.cache_clear()
    request.addfinalizer(settings.cache_clear)
    return Mornings(odoo, heard, tmp_path, ledger)


def september(day: int) -> date:
    return date(2026, 9, day)


def test_a_file_is_loaded_once_and_told_once(mornings: Mornings) -> None:
    assert mornings.on(september(1)) == [], "no file and no register: nothing to say"
    mornings.drop("RCV_VENTA.csv", SALES)
    [message] = mornings.on(september(2))
    assert message.startswith("Certificado: registro del SII de agosto de 2026 · Los Aromos")
    assert "https://odoo.example/web#action=of_sii_cl.f29_action&id=7" in message
    digest = hashlib.sha256(SALES).hexdigest()
    assert mornings.files() == [(RUT, "2026-08", f"rcv/{RUT}/2026-08/RCV_VENTA.csv", digest, "sales", 3, 0)]
    assert mornings.on(september(3)) == [], "nothing changed"
    mornings.drop("RCV_VENTA (1).csv", SALES)
    assert mornings.on(september(4)) == [], "the same bytes under another name"
    assert mornings.odoo.loads == ["RCV_VENTA.csv"]
    mornings.drop("RCV_COMPRA.csv", PURCHASES)
    [message] = mornings.on(september(5))
    assert "compras, registro: 3 documentos (RCV_COMPRA.csv)" in message
    assert mornings.odoo.loads == ["RCV_VENTA.csv", "RCV_COMPRA.csv"]


def test_what_differs_is_told_by_cause_until_it_is_certified_and_again_when_it_comes_back(mornings: Mornings) -> None:
    mornings.drop("RCV_VENTA.csv", SALES)
    kinds = ("only_sii", "amount", "amount", "other_period")
    mornings.odoo.differences = [{"kind": kind, "rut": COUNTERPART, "name": "Juan Pérez"} for kind in kinds]
    [message] = mornings.on(september(1))
    assert message.startswith("Hay diferencias: registro del SII de agosto de 2026 · Los Aromos. 4 documentos con dif")
    for label, count in (("Con otro monto", 2), ("Solo en el SII", 1), ("De otro mes", 1), ("Iguales", 5)):
        assert f"*{label}*\\n{count}" in message
    assert "Solo en Odoo" not in message
    assert mornings.on(september(2)) == []
    mornings.odoo.differences = []
    assert mornings.on(september(3))[0].startswith("Certificado")
    mornings.odoo.differences = [{"kind": "amount"}]
    assert mornings.on(september(4))[0].startswith("Hay diferencias")
    mornings.odoo.differences = []
    assert mornings.on(september(5))[0].startswith("Certificado"), "told before, but not last"


def test_a_message_and_a_log_name_no_counterpart(mornings: Mornings, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    mornings.drop("RCV_VENTA.csv", SALES + b" mala")
    mornings.odoo.differences = [{"kind": "only_sii", "rut": COUNTERPART, "name": "Juan Pérez", "cause": "x"}]
    [message] = mornings.on(september(1))
    assert "(RCV_VENTA.csv), *1 línea no leída*: 4" in message
    with mornings.ledger.transaction() as session:
        kept = session.scalar(text("SELECT outcome::text FROM ofitec.rcv_reconciliation"))
    for said in (message, caplog.text, kept):
        assert COUNTERPART not in said
        assert "Juan" not in said


def test_a_file_that_odoo_refuses_is_told_by_name_and_holds_up_no_other(mornings: Mornings) -> None:
    mornings.drop("a de otro.csv", b"ventas de otro rut")
    mornings.drop("b.csv", PURCHASES)
    [message] = mornings.on(september(1))
    assert message.startswith("Por conciliar"), "a file is missing, even if what is there agrees"
    assert "a de otro.csv: El archivo «a de otro.csv» es del RUT 76000000" in message
    assert "compras, registro" in message
    assert [file.section for file in mornings.files()] == ["purchases"], "it was not consumed"
    assert mornings.failed == [], "trying again cannot help: the run is not repeated for it"
    assert mornings.on(september(2)) == []
    (mornings.folder / "rcv" / RUT / "2026-08" / "a de otro.csv").unlink()
    assert mornings.on(september(3))[0].startswith("Certificado")


def test_without_any_register_a_refused_file_is_told_all_the_same(mornings: Mornings) -> None:
    mornings.drop("x.csv", b"ventas de otro rut")
    [message] = mornings.on(september(1))
    assert "Todavía no hay registro de ventas ni de compras" in message


def test_of_two_files_of_a_section_the_one_written_last_counts(mornings: Mornings) -> None:
    mornings.drop("z.csv", SALES)
    mornings.drop("a.csv", SALES + b" otra vez")
    old = mornings.folder / "rcv" / RUT / "2026-08" / "z.csv"
    stamp = old.stat().st_mtime - 100
    os.utime(old, (stamp, stamp))
    mornings.on(september(1))
    assert mornings.odoo.loads == ["z.csv", "a.csv"]


def test_odoo_down_is_tried_again_and_goes_on_where_it_was(mornings: Mornings) -> None:
    mornings.drop("a.csv", SALES)
    mornings.odoo.fails_for = 1
    assert mornings.on(september(1)) == []
    assert [type(error) for error in mornings.failed] == [OdooDown], "transient: Airflow asks again"
    assert mornings.files() == []
    mornings.odoo.fails_for = 0
    assert len(mornings.on(september(1))) == 1
    assert len(mornings.files()) == 1


def test_an_earlier_month_that_was_loaded_and_not_compared_is_compared_by_the_next_run(mornings: Mornings) -> None:
    mornings.drop("a.csv", SALES, period="2026-07")
    mornings.odoo.method_down = "reconcile"
    assert mornings.on(september(1)) == []
    assert len(mornings.files()) == 1
    mornings.odoo.method_down = ""
    [message] = mornings.on(september(2))
    assert "julio de 2026" in message
    assert mornings.on(september(3)) == []


def test_a_company_that_fails_stops_no_other(mornings: Mornings) -> None:
    mornings.drop("a.csv", SALES)
    mornings.drop("a.csv", SALES, rut="76.123.456-0")
    mornings.odoo.fails_for = 2
    [message] = mornings.on(september(1))
    assert message.startswith("Registro del SII de agosto de 2026: 1 novedad, 1 sin terminar, de 2 empresas")
    assert "🟢 *Los Aromos* · 77.123.456-9 · agosto de 2026: *Certificado*" in message
    assert "🔴 *Andes Sur, agosto de 2026*" in message
    assert len(mornings.failed) == 1
    done = targets.of_run(mornings.ledger, "rcv_reconcile", "run of 2026-09-01 0")
    assert {target.target: bool(target.reached_at) for target in done} == {
        "2026-08": True,
        f"{RUT}/2026-08": True,
        f"{OTHER}/2026-08": False,
    }
    mornings.odoo.fails_for = 0
    [message] = mornings.on(september(2))
    assert "1 novedad, de 2 empresas" in message
    assert "🟢 *Andes Sur*" in message
    assert "*Los Aromos*" not in message
    assert "La otra sigue sin novedad." in message
    assert mornings.on(september(3)) == []


def test_what_several_companies_have_to_look_at_is_in_one_digest(mornings: Mornings) -> None:
    mornings.drop("a.csv", SALES + b" mala")
    mornings.drop("b de otro.csv", b"ventas de otro rut", rut=OTHER)
    mornings.odoo.differences = [{"kind": "amount", "rut": COUNTERPART}] * 2
    [message] = mornings.on(september(1))
    assert "2 novedades, de 2 empresas" in message
    assert "*Hay diferencias*\\n2 documentos con diferencias, 5 iguales." in message
    assert "1 línea no leída" in message
    assert "No se cargaron: b de otro.csv: El archivo «b de otro.csv» es del RUT 76000000" in message
    assert COUNTERPART not in message


def test_what_is_not_in_a_months_folder_of_a_rut_is_told_once(mornings: Mornings) -> None:
    mornings.drop("a.csv", SALES)
    for rut, period in ((RUT, "agosto"), (RUT, "2026-8"), (RUT, "2026-13"), ("Los Aromos", "2026-08")):
        mornings.drop("b.csv", PURCHASES, rut=rut, period=period)
    (mornings.folder / "rcv" / RUT / "suelto.csv").write_bytes(SALES)
    certified, astray = mornings.on(september(1))
    assert certified.startswith("Certificado")
    assert astray.startswith("Hay archivos del registro del SII que no se leen: 5 fuera de la carpeta")
    for path in ("agosto", "2026-8", "2026-13", "suelto.csv"):
        assert f"`rcv/{RUT}/{path}`" in astray
    assert "`rcv/Los Aromos`" in astray
    assert mornings.odoo.loads == ["a.csv"]
    assert mornings.on(september(2)) == []
    (mornings.folder / "rcv" / RUT / "suelto.csv").unlink()
    assert mornings.on(september(3)) == [], "what is left was told"
    mornings.drop("c.csv", SALES, period="sept")
    [astray] = mornings.on(september(4))
    assert "1 fuera" in astray
    assert "agosto" not in astray


def test_companies_that_share_a_branch_fail_alone_too_and_only_those_are_tried_again(mornings: Mornings) -> None:
    for rut in (RUT, OTHER):
        mornings.drop("a.csv", SALES, rut=rut)
    mornings.odoo.fails_for = 2
    at = datetime(2026, 9, 1, 9, 30, tzinfo=UTC)
    [branch] = branches.share(steps.plan({}, run_id="r", run_after=at), 1)
    with pytest.raises(SeveralUnfinished) as failed:
        steps.companies(branch, run_id="r", run_after=at, force=False)
    assert [name for name, _ in failed.value.failures] == ["Andes Sur, agosto de 2026"]
    mornings.odoo.fails_for = 0
    lines = steps.companies(branch, run_id="r", run_after=at, force=False)
    assert lines == ["Andes Sur, agosto de 2026: Certificado: Odoo, el SII y el formulario dicen lo mismo."]
    assert mornings.odoo.loads == ["a.csv", "a.csv"]
    assert mornings.heard == [], "several are told at the end of the run"
    for _ in range(2):
        steps.tell_all(run_id="r", run_after=at)
    [message] = mornings.heard
    assert "2 novedades, de 2 empresas" in message


def test_a_robot_without_its_rights_fails_the_run_and_blames_no_file(mornings: Mornings) -> None:
    mornings.drop("a.csv", SALES)
    mornings.odoo.forbidden = True
    assert mornings.on(september(1)) == []
    assert [type(error) for error in mornings.failed] == [OdooForbidden]


def test_a_message_that_slack_did_not_take_is_sent_by_the_next_run(
    mornings: Mornings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(text: str, blocks: list[Any]) -> None:
        raise SlackFailed("down")

    tell = channels.tell
    monkeypatch.setattr(channels, "tell", refuse)
    mornings.drop("a.csv", SALES)
    mornings.on(september(1))
    assert [type(error) for error in mornings.failed] == [SlackFailed]
    monkeypatch.setattr(channels, "tell", tell)
    assert len(mornings.on(september(2))) == 1
    assert mornings.on(september(3)) == []


def test_new_files_of_the_two_months_before_are_taken_in_and_a_month_is_reconciled_only_when_it_moved(
    mornings: Mornings,
) -> None:
    for period in ("2026-05", "2026-06", "2026-07", "2026-08"):
        mornings.drop(f"{period}.csv", SALES, period=period)
    assert [message.partition(" · ")[0] for message in mornings.on(september(1))] == [
        f"Certificado: registro del SII de {month} de 2026" for month in ("junio", "julio", "agosto")
    ]
    mornings.odoo.differences = [{"kind": "amount"}]
    assert len(mornings.on(september(2))) == 1, "of the month that is closed"
    [message] = mornings.on(september(3), period="2026-05")
    assert "mayo de 2026" in message


def test_a_register_loaded_by_hand_is_reconciled_too(mornings: Mornings) -> None:
    mornings.odoo._load(2, "2026-08", "a.csv", SALES)
    [message] = mornings.on(september(1))
    assert "Andes Sur" in message
    assert "Abrir el formulario" not in message, "there is none yet"


def test_by_hand_again_it_loads_and_tells_again(mornings: Mornings) -> None:
    mornings.drop("a.csv", SALES)
    mornings.on(september(1))
    assert mornings.on(september(1), period="2026-08") == []
    assert len(mornings.on(september(1), period="2026-08", force=True)) == 1
    assert mornings.odoo.loads == ["a.csv", "a.csv"]
    assert len(mornings.files()) == 1


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"period": "2026-13"}, "AAAA-MM"),
        ({"period": "2026-09"}, "todavía no termina"),
        ({"companies": ["1-2"]}, "RUT"),
    ],
)
def test_a_typing_error_is_answered_in_one_sentence(mornings: Mornings, params: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        mornings.on(september(2), **params)
    assert mornings.heard == []
