"""docs/reference.md, from the settings, the connection types, the DAGs with their parameters, the ledger's tables."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ofitec.ledger.tables import Base
from ofitec.package.connection_types import CONNECTION_TYPES, CONNECTIONS
from ofitec.settings import Settings

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference.md"


def made() -> dict[Path, str]:
    """Path to text."""
    return {PAGE: "\n".join(_page()) + "\n"}


def _page() -> Iterator[str]:
    yield "# Reference"
    yield ""
    yield "Made from the code by `make docs`: edit the code, not this page."
    yield from _settings()
    yield from _connections()
    yield from _dags()
    yield from _ledger()


def _settings() -> Iterator[str]:
    yield from ("", "## Settings", "")
    yield from ("Environment variables of every Airflow process; `.env.example` lists them too.", "")
    yield from _table("variable", "default", "meaning")
    for name, field in Settings.model_fields.items():
        default = field.get_default()
        shown = "" if default in ("", None) else f"`{default}`"
        yield f"| `OFITEC_{name.upper()}` | {shown} | {_cell(field.description or 'The time zone of the company')} |"


def _connections() -> Iterator[str]:
    yield from ("", "## Connections", "")
    yield from (
        "By any secrets backend of Airflow. `airflow ofitec doctor` uses each of them once; so does *Test* in the "
        "form, where Airflow's `AIRFLOW__CORE__TEST_CONNECTION` is `Enabled`.",
        "",
    )
    yield from _table("id", "type", "what it holds", "needed for")
    for known in CONNECTIONS:
        yield f"| `{known.id}` | `{known.type}` | {_cell(known.holds)} | {_cell(known.needed)} |"
    for kind in CONNECTION_TYPES:
        this, title = kind["connection-type"], kind["hook-name"]
        yield from ("", f"### Connection type `{this}`: {title}", "")
        yield from (f"![The form of a connection of type {title}](images/connection-{this}.png)", "")
        yield from _table("field", "label", "help")
        behaviour = kind["ui-field-behaviour"]
        for name in ("host", "port", "login", "password"):
            if name not in behaviour["hidden-fields"]:
                label = behaviour["relabeling"].get(name, name.capitalize())
                example = behaviour["placeholders"].get(name, "")
                yield f"| `{name}` | {label} | {f'for example {example}' if example else ''} |"
        for name, field in kind["conn-fields"].items():
            yield f"| extra `{name}` | {field['label']} | {_cell(field['description'])} |"


def _dags() -> Iterator[str]:
    from airflow.dag_processing.dagbag import DagBag

    folder = ROOT / "dags"
    bag = DagBag(dag_folder=str(folder), bundle_path=folder, bundle_name="docs")
    yield from ("", "## DAGs")
    for dag_id, dag in sorted(bag.dags.items()):
        yield from ("", f"### `{dag_id}`: {dag.dag_display_name}", "", f"{dag.description}.", "")
        yield f"Runs: {_schedule(dag)}. Tags: {', '.join(sorted(dag.tags))}. [Runbook](runbooks/{dag_id}.md)"
        if dag.params:
            yield ""
            yield from _table("parameter", "default", "meaning")
            for name in dag.params:
                param = dag.params.get_param(name)
                default = param.value
                shown = "" if default in (None, "", []) else f"`{default}`"
                yield f"| `{name}` | {shown} | {_cell(param.description or '')} |"


def _schedule(dag: Any) -> str:
    cron = getattr(dag.timetable, "expression", None)
    if cron:
        return f"`{cron}` in {dag.timetable.timezone}"
    return {"AssetTriggeredTimetable": "when a backup is published"}.get(type(dag.timetable).__name__, "by hand")


def _ledger() -> Iterator[str]:
    yield from ("", "## Ledger", "", "PostgreSQL schema `ofitec` of connection `ofitec_ledger`.", "")
    yield from _table("table", "what a row is", "columns")
    classes = {mapper.local_table: mapper.class_ for mapper in Base.registry.mappers}
    for table in Base.metadata.sorted_tables:
        what = (classes[table].__doc__ or "").split("\n", 1)[0]
        yield f"| `{table.name}` | {_cell(what)} | {', '.join(f'`{column.name}`' for column in table.columns)} |"


def _table(*heads: str) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
