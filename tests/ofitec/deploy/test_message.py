"""What an approver and Slack read of a deploy: what happens to whom, when, for how long; in Spanish, without codes."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ofitec.deploy import message, steps, typed
from ofitec.deploy.host.record.journal import Step
from ofitec.deploy.host.record.plans import Change, Mode, Plan
from ofitec.deploy.host.record.terms import Terms
from ofitec.errors import InputError
from ofitec.settings import settings
from tests.ofitec.deploy.host import examples

ZONE = ZoneInfo("America/Santiago")
AT = datetime(2026, 11, 25, 1, 10, 7, 654321, tzinfo=UTC)
MODULES = (Change("of_sii_cl", "19.0.1.0.0", "19.0.1.1.0"),)


def plan(*, hours: str = "", **changed: Any) -> Plan:
    plain: dict[str, Any] = {"mode": Mode.CODE, "modules": (), "silent_changes": ()}
    return examples.plan(**plain | changed, terms=Terms(window_seconds=600, hours=hours))


def page(*, expected_seconds: float | None = None, **changed: Any) -> str:
    asked = message.question(plan(**changed), expected_seconds=expected_seconds)
    return asked["subject"] + "\n" + asked["body"]


def slack(*, expected_seconds: float | None = None, **changed: Any) -> str:
    told: dict[str, Any] = {"expected_seconds": expected_seconds, "until": AT, "zone": ZONE}
    return json.dumps(message.asked(plan(**changed), "https://a.example/x", **told), ensure_ascii=False)


@pytest.mark.parametrize("shown", [page, slack])
def test_code_alone_interrupts_nobody_and_begins_at_once(shown: Callable[..., str]) -> None:
    text = shown()
    assert "Cambia solo código: sin interrupción" in text
    assert "Empieza en cuanto alguien apruebe." in text
    assert "odoo@aaaaaaaaaaaa" in text
    for foreign in ("CODE", "[]", "None", "UTC", "{", "ninguno"):
        assert foreign not in page()


@pytest.mark.parametrize("shown", [page, slack])
def test_an_upgrade_says_how_long_people_are_without_odoo_and_which_modules(shown: Callable[..., str]) -> None:
    text = shown(mode=Mode.MIGRATE, modules=MODULES, expected_seconds=245.0)
    assert "Odoo no estará disponible unos 4 minutos (lo que tardó la última vez), a lo más 10 minutos" in text
    assert "`of_sii_cl` `19.0.1.0.0` → `19.0.1.1.0`" in text
    assert "terminados el respaldo, su prueba y el ensayo, a la hora que sea" in text
    assert "algunos minutos, a lo más 10 minutos" in shown(mode=Mode.MIGRATE, modules=MODULES)


@pytest.mark.parametrize("mode", [Mode.MIGRATE, Mode.RETURN])
def test_who_works_meanwhile_waits_or_sees_the_page(mode: Mode) -> None:
    assert "Quien esté trabajando verá la página de mantención." in page(mode=mode)
    held = page(mode=mode, hold_seconds=30.0)
    assert "esperará hasta 30 segundos su respuesta; si no alcanza, verá la página de mantención." in held
    assert "trabajando verá" not in held
    told = message.rehearsed(plan(mode=mode, hold_seconds=30.0), 9.0, None, "https://a.example/x", ZONE)
    assert "esperará hasta 30 segundos" in json.dumps(told, ensure_ascii=False)


def test_the_hours_say_that_it_waits() -> None:
    assert "solo entre las 22:00 y las 06:00 (hora de Santiago): fuera de ese horario, espera" in page(
        mode=Mode.MIGRATE, modules=MODULES, hours="22:00-06:00"
    )
    assert "Empieza al aprobar, pero solo entre" in page(hours="22:00-06:00")


def test_a_way_back_over_an_upgrade_says_what_goes_out_of_sight() -> None:
    text = page(mode=Mode.RETURN, requested="rollback")
    assert text.startswith("¿Volver a odoo@aaaaaaaaaaaa?")
    assert "queda fuera de la vista, en una base guardada" in text


def test_what_others_wrote_cannot_make_a_link_on_the_page() -> None:
    text = page(modules=(Change("m", "1", "2`[Aprobar](https://evil.example)"),), who="`x` <b>")
    assert "`2'[Aprobar](https://evil.example)`" in text


def test_a_rehearsal_says_from_when_and_how_long() -> None:
    text, blocks = message.rehearsed(plan(mode=Mode.MIGRATE, modules=MODULES), 240, AT, "https://a.example/x", ZONE)
    assert text == "Odoo se actualiza el martes 24 de noviembre, 22:10: unos 4 minutos sin servicio."
    assert "of_sii_cl" in json.dumps(blocks)


def test_a_failure_names_its_step_in_spanish() -> None:
    journal = {
        "facts": {"maintenance_seconds": 75.0}, "error": "The login page gave no 200",
        "steps": [
            {"name": "start_new", "state": "done", "seconds": 12.34},
            {"name": "smoke", "state": "begun", "seconds": None},
        ],
    }  # fmt: skip
    shown = json.dumps(message.ended(plan(), journal, "undone", "", answered_by="Pedro"), ensure_ascii=False)
    assert "Falló en el paso «probar ingreso y lectura»." in shown
    assert "*Detalle técnico*" in shown
    assert "*Lo aprobó*\\nPedro" in shown
    assert "75 segundos" in shown
    assert "arrancar la nueva 12,3 s · probar ingreso y lectura ✗" in shown


@pytest.mark.parametrize(
    ("typed_in", "why"),
    [
        (("odoo", [], ""), "registro/nombre@sha256:"),
        (("ghcr.io/a/odoo:latest", [], ""), "puede ser otra imagen mañana"),
        (("", [], ""), "no es válida"),
        (("a/b:1", ["Ventas"], ""), "por ejemplo l10n_cl"),
        (("a/b:1", [], "de noche"), "Escríbalo como 22:00-06:00"),
    ],
)
def test_a_typing_mistake_is_answered_with_a_sentence(typed_in: tuple[str, list[str], str], why: str) -> None:
    with pytest.raises(InputError, match=why):
        typed.deploy(*typed_in)


def test_a_moment_that_is_none_is_answered_with_a_sentence() -> None:
    with pytest.raises(InputError, match="Copie el que indica el error"):
        typed.rollback("ayer")


def test_what_can_be_meant_passes() -> None:
    typed.deploy(f"a/b@sha256:{'0' * 64}", ["l10n_cl"], "22:00-06:00")
    typed.rollback("2026-11-24T22:10:07+00:00")
    typed.rollback("")


def test_a_code_deploy_without_hours_may_begin_now_and_one_outside_of_them_waits() -> None:
    def begins(mode: Mode, hours: str, moment: datetime) -> datetime | None:
        return steps.opening(examples.plan(mode=mode, terms=Terms(window_seconds=600, hours=hours)), moment)

    settings.cache_clear()
    assert begins(Mode.CODE, "", AT) is None
    noon = AT + timedelta(hours=14)
    assert begins(Mode.CODE, "22:00-06:00", AT) is None
    assert begins(Mode.CODE, "22:00-06:00", noon) == datetime(2026, 11, 26, 1, tzinfo=UTC)
    with pytest.raises(InputError, match="más corto"):
        begins(Mode.MIGRATE, "22:00-22:05", AT)


def test_every_step_of_a_run_has_its_words() -> None:
    assert set(message.STEPS) == set(Step)
