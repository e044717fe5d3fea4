"""What each role may, as permissions of Airflow's FAB auth manager. Pure: names only.

FAB asks twice for what belongs to a DAG: for the kind of thing (`can_edit on HITL Detail`) and for the DAG
(`can_edit on DAG:odoo_deploy`). To trigger, `can_create on DAG Run:<id>` stands for the first of the two, and it names
the DAG: whoever has two roles may trigger what one of them may, and not more.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Permission = tuple[str, str]  # action, resource

FISCAL_DAGS = ("f29_monthly", "rcv_reconcile")
OPS_DAGS = (
    *("backup_continuous", "backup_copy", "backup_extract", "backup_nightly", "backup_restore", "backup_verify"),
    *("odoo_deploy", "odoo_rollback", "odoo_scale", "odoo_staging", "secrets_rotate"),
)
APPROVED_DAGS = ("backup_restore", "odoo_deploy", "odoo_rollback")  # those that wait for a yes

_READ, _EDIT, _CREATE, _MENU = "can_read", "can_edit", "can_create", "menu_access"

# what a person needs to log in, to see the board (Website), its entry in the menu (Plugins) and their own account
_ACCOUNT: tuple[Permission, ...] = (
    (_READ, "Website"),
    (_READ, "Plugins"),
    (_READ, "My Profile"),
    (_EDIT, "My Profile"),
    (_READ, "My Password"),
    (_EDIT, "My Password"),
)
# what Airflow's pages of a DAG read
_PAGES: tuple[Permission, ...] = (
    *(
        (_READ, kind)
        for kind in (
            "DAG Runs",
            "Task Instances",
            "Task Logs",
            "HITL Detail",
            "DAG Versions",
            "DAG Warnings",
            "DAG Dependencies",
        )
    ),
    (_MENU, "DAGs"),
)
_ALL_DAGS: Permission = (_READ, "DAGs")
# stop a run, clear a task that failed
_MEND: tuple[Permission, ...] = ((_EDIT, "DAG Runs"), (_EDIT, "Task Instances"))


def _runs(dags: Iterable[str]) -> set[Permission]:
    """See, un-pause and trigger these."""
    names = tuple(dags)
    return {
        *((_READ, f"DAG:{name}") for name in names),
        *((_EDIT, f"DAG:{name}") for name in names),
        *((_CREATE, f"DAG Run:{name}") for name in names),
    }


@dataclass(frozen=True)
class Role:
    """:param what: what it is for, a sentence for people"""

    what: str
    permissions: frozenset[Permission]


ROLES: Mapping[str, Role] = {
    "fiscal": Role(
        "Ve y ejecuta el F29 y la conciliación con el RCV; no ve respaldos ni despliegues.",
        frozenset({*_ACCOUNT, *_PAGES, *_MEND, *_runs(FISCAL_DAGS)}),
    ),
    "ops": Role(
        "Ve todo; ejecuta respaldos, pruebas, restauraciones, despliegues, vueltas atrás, el ajuste de procesos y el "
        "cambio de clave; no aprueba.",
        frozenset(
            {
                *(*_ACCOUNT, *_PAGES, *_MEND, _ALL_DAGS, *_runs(OPS_DAGS)),
                *((_READ, kind) for kind in ("XComs", "DAG Code", "ImportError", "Assets", "Jobs", "Pools")),
                (_MENU, "Assets"),
            }
        ),
    ),
    "approver": Role(
        "Ve todo y responde lo que espera aprobación; no ejecuta nada.",
        frozenset(
            {
                *(*_ACCOUNT, *_PAGES, _ALL_DAGS),
                *((_EDIT, "HITL Detail"), (_MENU, "HITL Detail")),
                *((_EDIT, f"DAG:{name}") for name in APPROVED_DAGS),
            }
        ),
    ),
    "viewer": Role("Ve todo y el panel; no cambia nada.", frozenset({*_ACCOUNT, *_PAGES, _ALL_DAGS})),
}


@dataclass(frozen=True)
class Difference:
    """What a role lacks or has too much; `made` is False for a role that is not there at all."""

    role: str
    made: bool
    missing: tuple[Permission, ...]
    extra: tuple[Permission, ...]

    def __bool__(self) -> bool:
        return not self.made or bool(self.missing or self.extra)


def compare(found: Mapping[str, frozenset[Permission]]) -> list[Difference]:
    """Each role against what Airflow has.

    :param found: role to its permissions in Airflow; a role that is not there has no key
    """
    return [
        Difference(
            name,
            name in found,
            tuple(sorted(role.permissions - found.get(name, frozenset()))),
            tuple(sorted(found.get(name, frozenset()) - role.permissions)),
        )
        for name, role in ROLES.items()
    ]
