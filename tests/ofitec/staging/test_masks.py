"""Masks alone: valid, one for one, the same for the same, and never somebody of the copy."""

from hypothesis import given
from hypothesis import strategies as st
from stdnum.cl import rut as stdnum_rut

from ofitec.staging.masks import GENERIC, REMOVED, Kind, Masks, rut_body, spelled_rut

KEY = b"of this morning"
bodies = st.sets(st.integers(min_value=1, max_value=99_999_999).map(str), max_size=200)


def spellings(body: str) -> list[str]:
    """The same RUT as people, Odoo and the SII write it."""
    plain = spelled_rut(body)
    dotted = f"{int(body):,}".replace(",", ".") + plain[-2:]
    bare = plain.replace("-", "")
    return [plain, dotted, bare, f"CL{bare}", f"CL {dotted}", f"0{plain}", plain.lower()]


def masked(kind: Kind, *values: str) -> list[str]:
    found = Masks(KEY).of({kind: values})[kind]
    return [found[value] for value in values]


@given(bodies)
def test_each_rut_becomes_another_valid_one_that_nobody_of_the_copy_has(given_bodies: set[str]) -> None:
    found = Masks(KEY).of({Kind.RUT: [spelled_rut(body) for body in given_bodies]})[Kind.RUT]
    masks = list(found.values())
    assert len(set(masks)) == len(given_bodies)
    for value, mask in found.items():
        assert stdnum_rut.is_valid(mask)
        body, new = rut_body(value), rut_body(mask)
        assert body is not None
        assert new is not None
        if body in GENERIC:
            assert mask == value
        else:
            assert new not in given_bodies | GENERIC
            # a person's stays a person's: the SII's rules tell them apart by it
            assert (int(new) < 50_000_000) == (int(body) < 50_000_000)


@given(bodies.filter(bool))
def test_a_rut_has_one_mask_however_it_is_written(given_bodies: set[str]) -> None:
    values = {body: spellings(body) for body in given_bodies}
    found = Masks(KEY).of({Kind.RUT: [value for many in values.values() for value in many]})[Kind.RUT]
    for many in values.values():
        assert len({found[value] for value in many}) == 1


def test_what_is_no_rut_becomes_none() -> None:
    wrong, foreign, right = masked(Kind.RUT, "76.123.456-1", "EIN 12-345", "76.123.456-0")
    assert wrong.startswith("SIN-RUT-")
    assert foreign.startswith("SIN-RUT-")
    assert wrong != foreign
    assert stdnum_rut.is_valid(right)


def test_numbers_that_the_add_ons_know_stay() -> None:
    assert masked(Kind.RUT, "66666666-6", "55.555.555-5") == ["66666666-6", "55555555-5"]


@given(st.sets(st.text(min_size=1), max_size=50))
def test_every_value_of_every_kind_has_a_mask(values: set[str]) -> None:
    for kind, found in Masks(KEY).of(dict.fromkeys(Kind, values)).items():
        assert found.keys() == values, kind
        assert all(found.values())


@given(st.sets(st.text(alphabet="abcñ ÁB", min_size=1).filter(str.strip), max_size=50))
def test_the_same_key_gives_the_same_masks_and_another_key_others(values: set[str]) -> None:
    once, again = Masks(KEY).of({Kind.NAME: values}), Masks(KEY).of({Kind.NAME: sorted(values)})
    assert once == again


def test_another_morning_gives_other_masks() -> None:
    people = [f"Persona de prueba {number}" for number in range(200)]
    today, tomorrow = (Masks(key).of({Kind.NAME: people})[Kind.NAME] for key in (KEY, b"of the next"))
    assert sum(today[name] == tomorrow[name] for name in people) < 20


def test_a_name_is_one_in_odoo_in_the_register_and_with_its_company() -> None:
    found = Masks(KEY).of(
        {
            Kind.NAME: ["Ferretería El Roble, Ltda.", "FERRETERÍA EL ROBLE,  LTDA.", "Ana Soto"],
            Kind.NAMES: ["Ferretería El Roble, Ltda., Ana Soto", "Ana Soto", "Ana Soto, Bodega"],
        }
    )
    company = found[Kind.NAME]["Ferretería El Roble, Ltda."]
    assert found[Kind.NAME]["FERRETERÍA EL ROBLE,  LTDA."] == company
    ana = found[Kind.NAME]["Ana Soto"]
    assert ana != company
    names = found[Kind.NAMES]
    assert names["Ferretería El Roble, Ltda., Ana Soto"] == f"{company}, {ana}"
    assert names["Ana Soto"] == ana
    assert "Ana" not in names["Ana Soto, Bodega"]


def test_addresses_lose_who_they_are_of_and_templates_keep_their_placeholders() -> None:
    found = Masks(KEY).of(
        {Kind.EMAIL: ['"Ana Soto" <Ana@Roble.example>', "ana@roble.example, x@y.example", "{{ object.email }}", "Ana"]}
    )[Kind.EMAIL]
    first = found['"Ana Soto" <Ana@Roble.example>']
    assert first.endswith("@staging.invalid")
    assert found["ana@roble.example, x@y.example"].startswith(f"{first}, persona")
    assert found["{{ object.email }}"] == "{{ object.email }}"
    assert found["Ana"] == "nadie@staging.invalid"


def test_a_number_is_one_with_and_without_its_country() -> None:
    first, second, third = masked(Kind.PHONE, "+56 9 8765 4321", "987654321", "+56 2 2345 6789")
    assert first == second != third
    assert first.startswith("+56 9 0")


def test_accounts_are_compared_as_odoo_does() -> None:
    first, second, third = masked(Kind.ACCOUNT, "00-123.456-7", "001234567", "001234568")
    assert first == second != third


def test_the_words_that_stand_for_removed_ones_are_nobody_s() -> None:
    assert rut_body(REMOVED) is None
