"""The 16.0 build: what is rewritten, and that anything unknown stops it."""

import csv
import subprocess
import sys
from pathlib import Path
from typing import Never

import pytest
import render
from lxml import etree

from .conftest import ADDON


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render.render("16.0", tmp_path_factory.mktemp("build"))


@pytest.mark.parametrize(
    ("expression", "term"),
    [
        ("status != 'draft'", ("status", "!=", "draft")),
        ("has_warnings == False", ("has_warnings", "=", False)),
        ("status in ('filed', 'paid')", ("status", "in", ["filed", "paid"])),
        ("status not in ('draft', 'ready')", ("status", "not in", ["draft", "ready"])),
    ],
)
def test_condition_becomes_a_domain_term(expression: str, term: tuple[str, str, object]) -> None:
    assert render.domain_term(expression) == term


@pytest.mark.parametrize(
    "expression", ["not active", "a == b", "a == 1 and b == 2", "parent.x == 1", "len(a) > 1", "a >= 1", "a in f()"]
)
def test_other_conditions_stop_the_build(expression: str) -> None:
    with pytest.raises(render.RenderError):
        render.view_to_16(f'<field name="x" invisible="{expression}"/>')


def test_tag_keeps_its_other_attributes() -> None:
    tag = """<button name="go" type="object" invisible="status != 'ready'" groups="a.b"/>"""
    assert render.conditions_to_attrs(tag) == (
        """<button name="go" type="object" groups="a.b" attrs="{'invisible': [('status', '!=', 'ready')]}"/>"""
    )


def test_constants_stay() -> None:
    assert render.view_to_16('<field name="x" invisible="1"/>') == '<field name="x" invisible="1"/>'
    assert render.view_to_16('<field name="x" column_invisible="1"/>') == '<field name="x" invisible="1"/>'


def test_the_views_inside_a_field_are_named_as_16_names_them() -> None:
    assert render.view_to_16('<field name="x" mode="list,kanban"/>') == '<field name="x" mode="tree,kanban"/>'


def test_templates_of_reports_stay_as_they_are() -> None:
    template = '<template id="x"><t t-foreach="docs" t-as="one"><td t-out="one.name"/></t></template>'
    assert render.view_to_16(template) == template
    with pytest.raises(render.RenderError):
        render.view_to_16(template + '<record model="ir.ui.view" id="y"/>')


@pytest.mark.parametrize("text", ['<t t-foreach="x"/>', '<group expand="0"/>', '<field attrs="{}"/>', "<t t-if='x'/>"])
def test_constructs_of_one_series_stop_the_build(text: str) -> None:
    with pytest.raises(render.RenderError):
        render.view_to_16(text)


def test_build_is_16_throughout(built: Path) -> None:
    manifest = (built / "__manifest__.py").read_text(encoding="utf-8")
    assert '"version": "16.0.' in manifest
    for path in built.rglob("*.xml"):
        root = etree.parse(path).getroot()
        assert not root.xpath("//list | //chatter"), path
        assert not root.xpath("//field[@name='view_mode'][contains(text(), 'list')]"), path
        for name in render.CONDITIONS:
            values = root.xpath(f"//@{name}")
            assert isinstance(values, list)
            assert not [value for value in values if value not in ("0", "1")], path


def test_only_views_and_manifest_differ(built: Path) -> None:
    source = render.SOURCE
    names = {
        path.relative_to(source) for path in source.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    }
    assert names == {path.relative_to(built) for path in built.rglob("*") if path.is_file()}
    changed = {name for name in names if (source / name).read_bytes() != (built / name).read_bytes()}
    assert {name.suffix for name in changed - {next(n for n in changed if n.name == "__manifest__.py")}} == {".xml"}


def test_build_for_19_is_the_source(tmp_path: Path) -> None:
    built = render.render("19.0", tmp_path)
    assert (built / "views/f29_views.xml").read_bytes() == (render.SOURCE / "views/f29_views.xml").read_bytes()


def test_rendering_again_replaces_the_build(tmp_path: Path) -> None:
    stale = render.render("16.0", tmp_path) / "stale.py"
    stale.touch()
    render.render("16.0", tmp_path)
    assert not stale.exists()


def test_command_line(tmp_path: Path) -> None:
    command: list[str | Path] = [sys.executable, ADDON / "render.py"]
    done = subprocess.run([*command, "16.0", tmp_path], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(tmp_path / "of_sii_cl")
    for arguments, code in ((["17.0", tmp_path], 1), (["16.0"], 2)):
        failed = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
        assert failed.returncode == code
        assert failed.stderr.count("\n") == 1


def test_failed_build_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built = render.render("16.0", tmp_path)

    def refuse(xml: str) -> Never:
        raise render.RenderError("no")

    monkeypatch.setattr(render, "view_to_16", refuse)
    with pytest.raises(render.RenderError, match=r"\.xml"):
        render.render("16.0", tmp_path)
    assert (built / "__manifest__.py").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["of_sii_cl"]


def test_map_leads_only_to_codes_that_take_amounts() -> None:
    from core.codes import codes

    with (ADDON / "of_sii_cl/data/of.sii.f29.map.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    for row in rows:
        code = int(row["code"])
        if code:
            assert codes()[code].source == "ledger", row["id"]
            assert (codes()[code].kind == "count") == (row["what"] == "count"), row["id"]
