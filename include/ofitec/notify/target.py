"""What a run is about: the part of an installation that is broken when it fails, and well again when it ends well.

Most processes work on the installation as a whole; those of `_NAMED_BY` on what their parameters name. `f29_monthly`
and `rcv_reconcile` say themselves what each of their branches is about (`ofitec.f29.steps`, `ofitec.f29.rcv.steps`).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ofitec.ledger import Ledger

_SAYS_ITSELF = ("f29_monthly", "rcv_reconcile")
# parameters without which one run cannot be told from a run about something else
_NAMED_BY = {
    "backup_restore": ("database",),
    "backup_verify": ("backup",),
    "backup_extract": ("what", "attachment", "table", "record"),  # not an attachment's name: it may name a person
}


def named(dag_id: str, params: Mapping[str, Any] | None, env: str) -> dict[str, str] | None:
    """Target to label of a run; None if its tasks say it, or if its parameters are needed and not known.

    :param env: the installation's name
    """
    names = _NAMED_BY.get(dag_id, ())
    if dag_id in _SAYS_ITSELF or (names and params is None):
        return None
    given = [str(params[name]) for name in names if params and params.get(name)]
    return {"/".join([env, *given]): ", ".join(given) or env}


def note(ledger: "Ledger", context: Mapping[str, Any], *, well: bool) -> None:
    """Write down what an ended run was about and whether it did that.

    :param context: a DAG-level callback's; `dag` and `run_id` are sure to be there, `params` usually
    """
    from ofitec.ledger import targets
    from ofitec.settings import settings

    dag_id, run_id = context["dag"].dag_id, str(context["run_id"])
    wanted = named(dag_id, context.get("params"), settings().env)
    if wanted is None:
        return
    targets.aim(ledger, dag_id, run_id, wanted)
    if well:
        targets.reached(ledger, dag_id, run_id)
