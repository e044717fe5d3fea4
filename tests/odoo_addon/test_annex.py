"""The annexes' books and parts, without Odoo."""

from core import annex


def document(
    direction: str,
    type_: str,
    folio: str,
    amounts: dict[int, float],
    *,
    net: int = 0,
    iva: int = 0,
    total: int = 0,
) -> annex.Document:
    return annex.Document(direction, type_, folio, "2026-07-15", "76086428-5", "Uno", 0, net, iva, total, amounts)


ROWS = [
    document("sale", "61", "9", net=100000, iva=19000, total=119000, amounts={509: 1, 510: 19000, 563: -100000}),
    document("sale", "33", "10", net=1000, iva=190, total=1190, amounts={503: 1, 502: 190, 563: 1000}),
    document("sale", "33", "2", net=2000, iva=380, total=2380, amounts={503: 1, 502: 380, 563: 2000}),
    document("purchase", "33", "7", net=100, iva=19, total=119, amounts={519: 1, 520: 11.4, 511: 11.4, 514: 7.6}),
    document("purchase", "33", "8", net=10, iva=2, total=12, amounts={564: 1, 521: 10, 514: 2}),
    document("purchase", "71", "3", net=200000, total=169500, amounts={151: 30500}),
]


def test_books_are_sorted_and_fees_stand_apart() -> None:
    sales, purchases, fees = annex.books(ROWS)
    assert [(row.type, row.folio) for row in sales.documents] == [("33", "2"), ("33", "10"), ("61", "9")]
    assert [row.folio for row in purchases.documents] == ["7", "8"]
    assert [(row.folio, row.withheld) for row in fees.documents] == [("3", 30500)]
    assert sales.documents[0].fed == "502, 503, 563"


def test_totals_by_type() -> None:
    sales, purchases, fees = annex.books(ROWS)
    assert sales.types() == [
        annex.TypeTotal("33", 2, 0, 3000, 570, 0, 0, 3570),
        annex.TypeTotal("61", 1, 0, 100000, 19000, 0, 0, 119000),
    ]
    assert purchases.types() == [annex.TypeTotal("33", 2, 0, 110, 21, 11, 0, 131)]
    assert fees.types() == [annex.TypeTotal("71", 1, 0, 200000, 0, 0, 30500, 169500)]


def test_the_parts_of_each_codigo_give_the_forms_amount() -> None:
    casillas = {502: 570, 503: 2, 510: 19000, 520: 12, 48: 50000, 504: 0, 514: 10}
    found = annex.parts(ROWS, [(48, "Planilla", 50000)], casillas)
    assert next(part.code for part in found) == 503
    for code, amount in casillas.items():
        assert sum(part.amount for part in found if part.code == code) == amount
    assert annex.Part(520, "", "Redondeo", 0, 1) in found
    assert annex.Part(48, "", "Planilla", 0, 50000) in found
    assert annex.Part(503, "33", "", 2, 2) in found
