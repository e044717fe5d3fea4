"""Whose yes counts, rule by rule."""

import pytest

from ofitec.errors import InputError
from ofitec.notify.four_eyes import Rules
from ofitec.settings import Settings

ALONE = Rules()
NAMED = Rules(("ana", "Pedro"), four_eyes=True)


@pytest.mark.parametrize(
    ("approvers", "four_eyes", "expected"),
    [
        ("", "", Rules()),
        ("", "true", Rules((), four_eyes=True)),
        (" ana , pedro,", "", Rules(("ana", "pedro"), four_eyes=True)),
        ("ana", "false", Rules(("ana",), four_eyes=False)),
    ],
)
def test_naming_approvers_is_asking_for_four_eyes(
    approvers: str, four_eyes: str, expected: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OFITEC_APPROVERS", approvers)
    monkeypatch.setenv("OFITEC_FOUR_EYES", four_eyes)
    chosen = Settings()
    assert Rules(chosen.approver_names, chosen.requester_refused) == expected


@pytest.mark.parametrize(
    ("rules", "who", "requester", "refusal"),
    [
        (ALONE, "ana", "ana", ""),
        (ALONE, "ana", "", ""),
        (NAMED, "ana", "pedro", ""),
        (NAMED, "pedro", "rita", ""),
        (NAMED, "ana", "ana", "ana pidió esta ejecución, y quien pide no aprueba."),
        (NAMED, "PEDRO", "pedro", "PEDRO pidió esta ejecución, y quien pide no aprueba."),
        (NAMED, "rita", "ana", "rita no está entre quienes aprueban aquí: ana, Pedro."),
        (Rules((), four_eyes=True), "rita", "ana", ""),
        (Rules((), four_eyes=True), "ana", "ana", "ana pidió esta ejecución, y quien pide no aprueba."),
        (Rules(("ana",), four_eyes=False), "ana", "ana", ""),
        (Rules(("ana",), four_eyes=False), "rita", "ana", "rita no está entre quienes aprueban aquí: ana."),
    ],
)
def test_a_yes_counts_or_a_sentence_says_why_not(rules: Rules, who: str, requester: str, refusal: str) -> None:
    assert rules.refusal(who, requester) == refusal


@pytest.mark.parametrize(
    ("rules", "requester", "repeated", "said"),
    [
        (NAMED, "ana", True, "se repitió"),
        (NAMED, "", False, "no sabe quién pidió"),
        (Rules((), four_eyes=True), "", False, "no sabe quién pidió"),
        (Rules(("ana",), four_eyes=True), "Ana", False, "Aquí solo aprueba Ana"),
    ],
)
def test_where_no_yes_could_count_nothing_is_begun(rules: Rules, requester: str, repeated: bool, said: str) -> None:
    with pytest.raises(InputError, match=said):
        rules.require_someone(requester, repeated=repeated)


@pytest.mark.parametrize(
    ("rules", "requester", "repeated"),
    [(ALONE, "", True), (ALONE, "ana", True), (NAMED, "ana", False), (Rules(("ana",)), "ana", True)],
)
def test_a_company_of_one_person_goes_on_as_before(rules: Rules, requester: str, repeated: bool) -> None:
    rules.require_someone(requester, repeated=repeated)


@pytest.mark.parametrize(
    ("rules", "may"),
    [
        (ALONE, ""),
        (NAMED, "Aprueba: Pedro."),
        (Rules(("ana", "pedro"), four_eyes=False), "Aprueba: ana o pedro."),
        (Rules((), four_eyes=True), "Aprueba alguien que no sea ana, que lo pide."),
    ],
)
def test_whoever_is_asked_reads_who_may_answer(rules: Rules, may: str) -> None:
    assert rules.may("ana") == may
