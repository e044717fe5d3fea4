"""The SII's register: every dialect, every line read or refused, further rows counted once."""

import io
from collections.abc import Callable
from itertools import pairwise

import pytest
from core.rcv import Register, named_in
from core.rcv_document import Document, OtherTax
from hypothesis import given, settings
from hypothesis import strategies as st

from .registers import FILES, lines_after_header, sample


def read(content: bytes) -> tuple[Register, list[Document]]:
    register = Register(io.BytesIO(content))
    return register, list(register)


@pytest.mark.parametrize("section", FILES)
def test_header_tells_the_section_and_every_line_is_read(section: str) -> None:
    content = sample(section)
    register, _documents = read(content)
    assert register.section == section
    assert register.refused == []
    assert register.rows == lines_after_header(content)


def test_sales() -> None:
    _register, documents = read(sample("sales"))
    by_folio = {(document.type, document.folio): document for document in documents}
    assert len(documents) == 10
    first = by_folio["33", "1001"]
    assert (first.direction, first.rut, first.name, first.date) == (
        *("sale", "76086428-5", "CLIENTE UNO SPA", "2026-07-03"),
    )
    assert (first.exempt, first.net, first.vat, first.total, first.received) == (
        0,
        1000000,
        190000,
        1190000,
        "2026-07-05",
    )
    # 49 fields in one row, and the same taxes as a further row
    for folio in ("1003", "1004"):
        assert by_folio["33", folio].other_taxes == (OtherTax("27", 10000), OtherTax("271", 18000))
        assert (by_folio["33", folio].net, by_folio["33", folio].vat) == (100000, 19000)
    assert by_folio["61", "12"].reference_folio == "1001"
    assert by_folio["61", "13"].total == 0
    assert by_folio["46", "8"].withheld == 28500


def test_purchases() -> None:
    _register, documents = read(sample("purchases"))
    by_folio = {(document.type, document.folio): document for document in documents}
    assert len(documents) == 9
    assert by_folio["33", "501"].name == "PROVEEDOR PEÑALOLÉN SPA"  # Latin-1
    assert by_folio["33", "501"].accepted == "2026-07-18"
    assert by_folio["61", "31"].accepted is None  # «null»
    assert (by_folio["33", "502"].vat, by_folio["33", "502"].fixed_vat) == (57000, 57000)
    assert (by_folio["33", "503"].vat, by_folio["33", "503"].lost_vat) == (0, 3800)
    folded = by_folio["33", "504"]
    assert (folded.net, folded.vat, folded.total) == (100000, 19000, 147000)
    assert folded.other_taxes == (OtherTax("27", 10000), OtherTax("271", 18000))
    assert by_folio["33", "505"].common_vat == 1900
    assert (by_folio["46", "9"].withheld, by_folio["46", "9"].total) == (28500, 150000)


def test_summary_and_honorarios() -> None:
    _register, documents = read(sample("summary"))
    assert [(row.type, row.documents, row.vat) for row in documents] == [
        ("33", 4, 266000),
        ("39", 17, 26902),
        ("48", 9, 19000),
    ]
    _register, fees = read(sample("honorarios"))
    assert [(row.type, row.folio, row.net, row.withheld, row.cancelled) for row in fees] == [
        ("71", "41", 200000, 30500, False),
        ("71", "42", 100000, 15250, True),
    ]


def test_spreadsheet_copy_reads_the_same() -> None:
    """LF, byte order mark, header in capitals, amounts with dots, no semicolon at the end of rows."""
    _register, original = read(sample("sales"))
    header, *rows = sample("sales").decode().replace("\r\n", "\n").split("\n")
    resaved = "\ufeff" + "\n".join([header.upper(), *(row[:-1] if row.count(";") == 43 else row for row in rows)])
    resaved = resaved.replace(";1000000;190000;1190000;", ";1.000.000;190.000;1.190.000;")
    _register, again = read(resaved.encode())
    assert again == original


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        (b"76086428-5;CLIENTE UNO SPA ;1001", b"76086428-6;CLIENTE UNO SPA ;1001", 2, "verificador"),
        (b";1001;03/07/2026", b";X1;03/07/2026", 2, "folio"),
        (b"03/07/2026", b"31/02/2026", 2, "no existe"),
        (b"03/07/2026", b"", 2, "fecha"),
        (b"1190000", b"1190,5", 2, "monto"),
        (b"1;33;Del", b"1;treinta;Del", 2, "tipo de documento"),
        (b";1002;04", b";1001;04", 3, "ya está en la línea 2"),
        (b";33;;96790240-3;;1004", b";33;;96790240-3;;1999", 9, "fila adicional"),
        (b"1;33;Del Giro;76086428-5;CLIENTE UNO SPA ;1001;03/07/2026;05/07/2026 10:11:12;;;0;", b"1;33;", 2, "cortada"),
        (b"CLIENTE UNO SPA ;1001", b"CLIENTE\x00UNO SPA ;1001", 2, "control"),
    ],
)
def test_a_damaged_line_is_refused_alone(old: bytes, new: bytes, line: int, reason: str) -> None:
    content = sample("sales")
    assert old in content
    register, _documents = read(content.replace(old, new, 1))
    assert [refused.line for refused in register.refused] == [line]
    assert reason in register.refused[0].reason
    assert register.rows == lines_after_header(content) - 1


def test_a_stray_quote_swallows_no_other_line() -> None:
    content = sample("sales").replace(b";CLIENTE UNO SPA ;1001", b';"CLIENTE UNO SPA ;1001', 1)
    register, documents = read(content)
    assert [refused.line for refused in register.refused] == [2]
    assert len(documents) == 9


def test_quoted_name_with_a_semicolon() -> None:
    _register, documents = read(sample("sales").replace(b";CLIENTE UNO SPA ;", b';"CLIENTE; ""UNO"" SPA";', 1))
    assert documents[0].name == 'CLIENTE; "UNO" SPA'


def test_each_line_is_decoded_by_itself_whatever_ends_it() -> None:
    """A byte that is no UTF-8 makes its own line Latin-1, and not the blank one after a lone carriage return."""
    lines = sample("sales").split(b"\n")
    lines[1] = lines[1].rstrip(b"\r").replace(b"UNO SPA", b"\xd1U\xf1O SPA") + b"\r\xe2\x80\xa8"
    register, documents = read(b"\n".join(lines))
    assert register.refused == []
    assert documents[0].name == "CLIENTE ÑUñO SPA"


def test_further_row_below_a_refused_document_is_refused_too() -> None:
    content = sample("purchases").replace(b"6;33;Del Giro;96790240-3;DIST", b"6;33;Del Giro;96790240-4;DIST", 1)
    register, documents = read(content)
    assert [refused.line for refused in register.refused] == [7, 8]
    assert ("33", "504") not in {(document.type, document.folio) for document in documents}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n \r\n",
        b"hola",
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
        b"PK\x03\x04",
        b"\xff\xfeN\x00r\x00o\x00",
        b"Folio;Monto\n1;2\n",
    ],
)
def test_what_is_no_register(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"RCV") as caught:
        read(content)
    assert "\n" not in str(caught.value)


def test_a_header_without_its_total_says_so() -> None:
    with pytest.raises(ValueError, match="«Monto total»"):
        read(sample("sales").replace(b"Monto total;", b"Monto;", 1))


def test_summary_of_purchases_asks_for_the_detail() -> None:
    with pytest.raises(ValueError, match="detalle de compras"):
        read(b"Tipo Documento;Total Documentos;Monto Exento;Monto Neto;IVA Recuperable;Monto Total\n")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("RCV_VENTA_76123456-0_202607.csv", ("76123456", "2026-07")),
        ("RCV_COMPRA_REGISTRO_76123456-0_202607 (1).csv", ("76123456", "2026-07")),
        ("RCV_RESUMEN_VENTA_7612345_202607.csv", ("7612345", "2026-07")),
        ("rcv_venta_12345678-K_202612.CSV", ("12345678", "2026-12")),
        ("ventas julio.csv", ("", "")),
        ("RCV_VENTA_76123456-0_202613.csv", ("", "")),
    ],
)
def test_name_of_a_download(name: str, expected: tuple[str, str]) -> None:
    assert named_in(name) == expected


Damage = Callable[[bytes], bytes]


def damages() -> st.SearchStrategy[Damage]:
    """Bytes put in, taken out or replaced, lines repeated, cut or joined: anything but the header."""
    place = st.integers(0, 10**6)
    junk = st.one_of(
        st.binary(max_size=6),
        st.sampled_from(
            [b";", b'"', b"\r", b"\n", b"\r\n", b"\x00", b";;;", b"null", b"99.9", b"\xff", "\u2028".encode()]
        ),
    )

    def replace(at: int, taken: int, put: bytes) -> Damage:
        def damage(body: bytes) -> bytes:
            start = at % (len(body) + 1)
            return body[:start] + put + body[start + taken :]

        return damage

    def repeat(at: int) -> Damage:
        def damage(body: bytes) -> bytes:
            lines = body.split(b"\n")
            return b"\n".join([*lines, lines[at % len(lines)]])

        return damage

    return st.one_of(st.builds(replace, place, st.integers(0, 40), junk), st.builds(repeat, place))


@settings(max_examples=500, deadline=None)
@given(section=st.sampled_from(sorted(FILES)), damage=st.lists(damages(), min_size=1, max_size=6))
def test_damaged_copies_lose_no_line(section: str, damage: list[Damage]) -> None:
    header, body = sample(section).split(b"\n", 1)
    for step in damage:
        body = step(body)
    content = header + b"\n" + body
    register, documents = read(content)
    assert register.rows + len(register.refused) == lines_after_header(content)
    assert all(refused.reason and refused.line > 1 for refused in register.refused)
    if register.section not in ("summary", "honorarios"):
        keys = [(document.type, document.rut, document.folio) for document in documents]
        assert all(before != after for before, after in pairwise(keys))


@settings(max_examples=300, deadline=None)
@given(content=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(str.encode)))
def test_anything_else_is_refused_in_one_line(content: bytes) -> None:
    try:
        read(content)
    except ValueError as error:
        assert "\n" not in str(error)


def test_text_streams_read_as_bytes_do() -> None:
    text = io.StringIO(sample("sales").decode(), newline="")
    assert list(Register(text)) == read(sample("sales"))[1]
