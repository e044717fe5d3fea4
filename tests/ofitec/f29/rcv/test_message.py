"""What the accountant reads in Slack of a month compared with the SII's register."""

import json
from typing import Any

from ofitec.f29.form import Company
from ofitec.f29.rcv.files import Rejected
from ofitec.f29.rcv.message import build, headline
from ofitec.f29.rcv.outcome import Outcome, Register
from tests.ofitec.spanish import english_words

COMPANY = Company(id=1, name="Los Aromos <SpA>", rut="77123456-9")
SAID = "No certificado:\n• Falta cargar: resumen de ventas.\n• Códigos que difieren: 520 (Odoo $1, SII $2)."


def register(section: str, *refused: int) -> Register:
    return Register(section=section, file=f"{section}.csv", documents=1, refused=list(refused))


def outcome(**changed: Any) -> Outcome:
    whole: dict[str, Any] = {"registers": [register("sales")], "rejected": [], "equal": 7, "certificate": SAID}
    return Outcome(**(whole | changed))


def shown(of: Outcome) -> str:
    text, blocks = build(COMPANY, "2026-08", of, form_id=7, odoo_url="https://odoo.example")
    return text + json.dumps(blocks, ensure_ascii=False)


def test_a_bold_line_ends_with_its_line() -> None:
    assert "*No certificado:*\\n• Falta cargar: resumen de ventas." in shown(outcome())
    assert '"*Certificado: todo.*"' in shown(outcome(certified=True, certificate="Certificado: todo."))


def test_without_a_document_that_differs_the_first_point_is_the_headline() -> None:
    assert headline(outcome()) == "Falta cargar: resumen de ventas."
    assert shown(outcome()).startswith("Por conciliar: registro del SII de agosto de 2026 · Los Aromos")


def test_each_count_has_its_word_and_its_plural() -> None:
    of = outcome(counts={"amount": 1200, "only_odoo": 1}, registers=[register("summary"), register("claimed", 3, 9)])
    said = shown(of)
    assert "1.201 documentos con diferencias, 7 iguales." in said
    assert "*Con otro monto*\\n1.200" in said
    assert "• resumen de ventas: 1 tipo de documento (summary.csv)" in said
    assert "• compras, reclamadas: 1 documento (claimed.csv), *2 líneas no leídas*: 3, 9" in said


def test_long_lists_are_cut_and_say_so() -> None:
    of = outcome(
        registers=[register("sales", *range(2, 102))],
        rejected=[Rejected(file=f"{number}.csv", reason="no es del registro") for number in range(20)],
    )
    said = shown(of)
    assert "*100 líneas no leídas*: 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13 y 88 más" in said
    assert "… y 8 más." in said


def test_what_others_wrote_is_escaped_and_all_of_it_is_spanish() -> None:
    said = shown(outcome(rejected=[Rejected(file="<a>.csv", reason="Es de <b>.")]))
    assert "• &lt;a&gt;.csv: Es de &lt;b&gt;." in said
    assert english_words(said.partition("[{")[0]) == set()
