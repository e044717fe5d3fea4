#!/usr/bin/env python3
"""Build the add-on for another Odoo series: ``python3 odoo_addon/render.py 16.0 <target dir>``.

The source is a plain 19.0 add-on. Python, CSV and menus are the same on both series; the views are not: 16.0 has
``<tree>`` for ``<list>``, ``attrs`` for conditions, another name for the card of a kanban and a hand-made chatter. Only
what is known here is rewritten; any other construct stops the build with the name of its file.
"""

import ast
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

SOURCE = Path(__file__).resolve().parent / "of_sii_cl"
SERIES = ("16.0", "19.0")
CONDITIONS = ("invisible", "readonly", "required")
CHATTER = (
    '<div class="oe_chatter">\n'
    '                    <field name="message_follower_ids"/>\n'
    '                    <field name="activity_ids"/>\n'
    '                    <field name="message_ids"/>\n'
    "                </div>"
)
CARD, CARD_16 = '<t t-name="card">', '<t t-name="kanban-box">'
_CONDITION = re.compile(r"""(?P<field>[a-z_]+) (?P<operator>==|!=|not in|in) (?P<value>.+)""")
_TAG = re.compile(r"""<[A-Za-z](?:[^<>"']|"[^"]*"|'[^']*')*>""")
_ATTRIBUTE = re.compile(r"""\s(?P<name>[a-z_]+)="(?P<value>[^"]*)\"""")


class RenderError(Exception):
    """A construct that has no known form on the target series."""


def domain_term(expression: str) -> tuple[str, str, object]:
    """``status != 'draft'`` -> ``("status", "!=", "draft")``.

    Raises RenderError unless it is ``field OPERATOR literal`` with ==, !=, in or not in.
    """
    match = _CONDITION.fullmatch(expression.strip())
    if not match:
        raise RenderError(f"condition {expression!r} is not: field ==|!=|in|not in literal")
    try:
        value = ast.literal_eval(match["value"])
    except (ValueError, SyntaxError):
        raise RenderError(f"condition {expression!r} compares with something that is no literal") from None
    operator = "=" if match["operator"] == "==" else match["operator"]
    return match["field"], operator, list(value) if isinstance(value, tuple) else value


def conditions_to_attrs(tag: str) -> str:
    """Replace the conditions of one XML tag by one ``attrs`` attribute; constants (``"1"``) stay."""
    found = {match["name"]: match["value"] for match in _ATTRIBUTE.finditer(tag)}
    if "column_invisible" in found:
        if found["column_invisible"] != "1":
            raise RenderError(f"column_invisible={found['column_invisible']!r} is no constant")
        tag = tag.replace(' column_invisible="1"', ' invisible="1"')
    terms = {}
    for name in CONDITIONS:
        value = found.get(name, "1")
        if value not in ("0", "1"):
            terms[name] = [domain_term(value)]
            tag = tag.replace(f' {name}="{value}"', "")
    if not terms:
        return tag
    end = "/>" if tag.endswith("/>") else ">"
    return f'{tag[: -len(end)]} attrs="{terms!r}"{end}'


def view_to_16(xml: str) -> str:
    """One XML data file in the form that 16.0 loads. Raises RenderError for what it does not know."""
    # Templates of reports are QWeb on both series; views are not.
    qweb = () if "<template " in xml and '"ir.ui.view"' not in xml else ("<t t-",)
    for unknown in ("attrs=", "states=", "<tree", *qweb, "<setting", "expand="):
        if unknown in xml.replace(CARD, ""):
            raise RenderError(f"{unknown!r} has no known form on both series")
    xml = _TAG.sub(lambda match: conditions_to_attrs(match[0]), xml)
    xml = xml.replace(CARD, CARD_16)
    xml = re.sub(r"<(/?)list\b", r"<\1tree", xml)
    xml = re.sub(r'(<field name="view_mode">)(.*?)(</field>)', _view_mode, xml)
    xml = re.sub(r'(\bmode=")(.*?)(")', _view_mode, xml)
    return xml.replace("<chatter/>", CHATTER)


def _view_mode(match: re.Match[str]) -> str:
    return match[1] + match[2].replace("list", "tree") + match[3]


def manifest_to(text: str, series: str) -> str:
    """The manifest with its version's series replaced. Raises RenderError when it names none."""
    rendered, count = re.subn(r'("version": ")19\.0\.', rf"\g<1>{series}.", text)
    if count != 1:
        raise RenderError("the manifest's version does not start with 19.0.")
    return rendered


def render(series: str, target: Path) -> Path:
    """Write the add-on for ``series`` to ``target/of_sii_cl``, whole or not at all, and return that folder.

    Raises RenderError (with the file's name) and OSError.
    """
    if series not in SERIES:
        raise RenderError(f"series {series!r} is not one of {', '.join(SERIES)}")
    addon, making = target / SOURCE.name, target / f".{SOURCE.name}.making"
    shutil.rmtree(making, ignore_errors=True)
    shutil.copytree(SOURCE, making, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    try:
        if series != "19.0":
            _rewrite(making, "__manifest__.py", lambda text: manifest_to(text, series))
            for path in sorted(making.rglob("*.xml")):
                _rewrite(making, path.relative_to(making), view_to_16)
    except RenderError:
        shutil.rmtree(making)
        raise
    shutil.rmtree(addon, ignore_errors=True)
    making.rename(addon)
    return addon


def _rewrite(folder: Path, name: str | Path, change: Callable[[str], str]) -> None:
    path = folder / name
    try:
        path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    except RenderError as error:
        raise RenderError(f"{name}: {error}") from None


def main(arguments: list[str]) -> int:
    """Command line: series and target folder."""
    if len(arguments) != 2:
        print(f"usage: render.py {'|'.join(SERIES)} <target dir>", file=sys.stderr)
        return 2
    series, target = arguments
    try:
        print(render(series, Path(target)))
    except (RenderError, OSError) as error:
        print(f"render.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
