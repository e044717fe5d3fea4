"""What came of a run, company by company: from the ledger, so that it holds whatever was tried again."""

import logging

from ofitec import words
from ofitec.errors import SeveralFailed
from ofitec.f29.form import FILED
from ofitec.f29.period import Period
from ofitec.ledger import Ledger, deliveries, targets
from ofitec.ledger.tables import F29Delivery

log = logging.getLogger(__name__)

NOTHING = "sin declarar"
_FAILED = "NO QUEDÓ LISTA: el porqué está en el registro de su rama y en el aviso"
STATUSES = {
    "draft": "Borrador",
    "ready": "Calculado",
    "approved": "Aprobado",
    "filed": "Declarado",
    "paid": "Declarado y pagado",
}
_STANDS = {"approved": "aprobado, falta declarar", "filed": "ya declarado", "paid": "ya declarado y pagado"}


def stands(status: str, folio: str | None, total: int) -> str:
    """How a month stands, in a few words: "ya declarado, folio 7123456, $2.482.412".

    :param folio: of a form that is filed
    :param total: to pay, whole pesos
    """
    return f"{_STANDS.get(status, 'calculado')}{f', folio {folio}' if folio else ''}, {words.pesos(total)}"


def of_run(ledger: Ledger, dag_id: str, run_id: str) -> list[str]:
    """A line for each company and month of a run: "Los Aromos SpA, agosto de 2026: calculado, $2.482.412".

    :raises SeveralFailed: if some were not reached, after all were logged
    """
    # the month as a whole is a target too, reached by planning it
    found = [target for target in targets.of_run(ledger, dag_id, run_id) if "/" in target.target]
    delivered = _delivered(ledger, [target.target for target in found])
    lines, missing = [], []
    for target in found:
        row = delivered.get(target.target)
        if target.reached_at is None:
            missing.append(target.label)
        result = _FAILED if target.reached_at is None else _of(row) if row else NOTHING
        lines.append(f"{target.label}: {result}")
        (log.info if target.reached_at else log.error)("%s", lines[-1])
    if missing:
        raise SeveralFailed(f"{len(missing)} de {len(found)} no quedaron listas: {'; '.join(missing)}.", [])
    return lines


def _delivered(ledger: Ledger, wanted: list[str]) -> dict[str, F29Delivery]:
    """The newest delivery of each target that has one."""
    periods = sorted(target.partition("/")[2] for target in wanted)
    if not periods:
        return {}
    rows = deliveries.newest_by_period(ledger, periods[0], str(Period.parse(periods[-1]).before(-1)))
    return {f"{row.rut}/{row.period}": row for row in rows}


def _of(row: F29Delivery) -> str:
    filed = row.status in FILED
    total = row.filed_total if filed and row.filed_total is not None else int(row.casillas["91"])
    return stands(row.status, row.folio if filed else None, total)
