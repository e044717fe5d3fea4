"""docs/images/whole-{light,dark}.svg: the whole in one picture, with the names of the DAGs and connections themselves.

A DAG or a connection that is not placed here, or is placed and does not exist, stops the making.
"""

from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ofitec.package.connection_types import CONNECTIONS

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FOLDER = ROOT / "docs" / "images"


@dataclass(frozen=True)
class Box:
    """A rounded box: a title, lines that say what it is, and code names."""

    x: int
    y: int
    w: int
    h: int
    title: str
    says: tuple[str, ...]
    names: tuple[str, ...] = ()

    @property
    def middle(self) -> int:
        """Height of its middle."""
        return self.y + self.h // 2


@dataclass(frozen=True)
class Row:
    """What Airflow does (title, sentence, DAGs) and where that leads (title, sentence, connections)."""

    title: str
    says: str
    dags: tuple[str, ...]
    target: str
    what: str
    connections: tuple[str, ...]


# paper, box, line, ink, soft, accent
LOOKS = {
    "light": {
        **{"paper": "#ffffff", "box": "#f5f7fa", "line": "#c3ccd8"},
        **{"ink": "#16202c", "soft": "#5b6876", "accent": "#0b6e99"},
    },
    "dark": {
        **{"paper": "#0f151c", "box": "#18212b", "line": "#3a4756"},
        **{"ink": "#e8edf2", "soft": "#9aa7b5", "accent": "#5cc4ef"},
    },
}
ODOO_SAYS = ("the data source; add-on of_sii_cl:", "people approve, file and seal the form")
LEFT = (
    Box(30, 50, 280, 66, "Accountant", ("approves and files; reads Slack",)),
    Box(30, 190, 280, 136, "Odoo 16 or 19", ODOO_SAYS, ("odoo_default", "odoo_db")),
    Box(30, 402, 280, 66, "Ops person", ("approves deploys, reads the board",)),
)
MONTH = ("rcv_reconcile", "f29_monthly")
BACKUPS = (
    *("backup_nightly", "backup_verify", "backup_copy", "backup_continuous", "backup_restore", "backup_extract"),
    *("odoo_staging", "secrets_rotate"),
)
REPOSITORIES = ("restic_default", "restic_second", "pgbackrest_default", "odoo_staging")
DEPLOYS = ("odoo_deploy", "odoo_rollback", "odoo_scale")
MESSAGES = ("slack_default", "smtp_default", "ping_default")
ROWS = (
    Row("The month", "compare, check, deliver, tell", MONTH, "Files", "S3 or a folder", ("aws_default",)),
    Row("Backups", "save, prove by restoring", BACKUPS, "restic repositories", "any storage", REPOSITORIES),
    Row("Deploys", "rehearse, switch, return", DEPLOYS, "Odoo's host", "two colours behind HAProxy", ("odoo_host",)),
    Row("Messages and the board", "once, in Spanish", (), "Slack, e-mail, pings", "what failed, what to do", MESSAGES),
)
LEDGER = "ofitec_ledger"


def made() -> dict[Path, str]:
    """Path to text. Raises ValueError when the picture and the code differ."""
    _require_true()
    templates = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined)
    rows, top = [], 50
    for row in ROWS:
        height = 62 + 17 * max(len(row.dags), len(row.connections))
        work = Box(374, top, 262, height, row.title, (row.says,), row.dags)
        rows.append((work, Box(712, top, 262, height, row.target, (row.what,), row.connections)))
        top += height + 12
    template = templates.get_template("whole.svg.j2")
    return {
        FOLDER / f"whole-{name}.svg": template.render(
            look=look, left=LEFT, rows=rows, ledger=LEDGER, height=top + 60
        ).lstrip()
        + "\n"
        for name, look in LOOKS.items()
    }


def _require_true() -> None:
    drawn = {dag for row in ROWS for dag in row.dags}
    there = {file.stem for file in (ROOT / "dags").glob("*.py")}
    if drawn != there:
        raise ValueError(f"The picture and dags/ differ: {', '.join(sorted(drawn ^ there))}")
    shown = {LEDGER, *(name for box in LEFT for name in box.names), *(name for row in ROWS for name in row.connections)}
    known = {connection.id for connection in CONNECTIONS}
    if shown != known:
        raise ValueError(f"The picture and the connections differ: {', '.join(sorted(shown ^ known))}")
