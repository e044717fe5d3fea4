"""The table of rules, and one's own over it."""

from pathlib import Path

import pytest

from ofitec.errors import InputError
from ofitec.staging import rules
from ofitec.staging.masks import Kind


def test_one_s_own_rules_win_and_leave_the_others(tmp_path: Path) -> None:
    own = tmp_path / "reglas.csv"
    own.write_text("table,column,kind\n# del módulo de fletes\nflete_chofer,licencia,clear\nres_partner,name,text\n")
    chosen = rules.chosen(own)
    assert chosen["flete_chofer"] == {"licencia": Kind.CLEAR}
    assert chosen["res_partner"]["name"] is Kind.TEXT
    assert chosen["res_partner"]["vat"] is Kind.RUT
    assert rules.chosen(None)["res_partner"]["name"] is Kind.NAME


@pytest.mark.parametrize("line", ["res_partner,name", "res_partner,name,nombre", "res_partner,,text", "a,b,text,x"])
def test_a_line_that_is_no_rule_is_named(tmp_path: Path, line: str) -> None:
    own = tmp_path / "reglas.csv"
    own.write_text(f"res_partner,vat,rut\n{line}\n")
    with pytest.raises(InputError, match="line 2 is no rule"):
        rules.chosen(own)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"OFITEC_STAGING_RULES: .*cannot be read"):
        rules.chosen(tmp_path / "nada.csv")


@pytest.mark.parametrize(
    "name", ["smtp_pass", "google_gmail_refresh_token", "l10n_cl_signature_pass_phrase", "webhook_url"]
)
def test_columns_that_open_a_door_are_known_by_their_names(name: str) -> None:
    assert rules.SECRET_COLUMN.search(name)


@pytest.mark.parametrize("name", ["name", "key", "l10n_cl_sii_taxpayer_type", "compass", "passenger"])
def test_others_are_not(name: str) -> None:
    assert not rules.SECRET_COLUMN.search(name)
