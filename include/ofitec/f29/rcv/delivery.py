"""A month's comparison with the SII's register beside its form: two files of the delivery, one line of the message."""

import base64
import binascii
from typing import Any, Protocol

from pydantic import BaseModel, ValidationError

from ofitec import words
from ofitec.errors import PermanentError


class Odoo(Protocol):
    """What this module needs of the Odoo client."""

    def call(self, model: str, method: str, *args: object) -> Any: ...


class Reconciliation(BaseModel):
    """How the month compared when it was compared last, with its files as Odoo makes them."""

    certified: bool
    differing: int
    files: dict[str, str]  # file name to its bytes, in base64: one of them is an Excel book

    def contents(self) -> dict[str, bytes]:
        """File name to bytes."""
        return {name: base64.b64decode(text) for name, text in self.files.items()}


def read(odoo: Odoo, company_id: int, period: str) -> Reconciliation | None:
    """The last comparison of a company's month ("2026-08") as it is kept, or None; nothing is compared anew.

    :raises PermanentError: if the answer lacks what the contract promises
    """
    answer = odoo.call("of.sii.rcv.reconciliation", "read_reconciliation", company_id, period)
    if not answer:
        return None
    try:
        files = {
            f"F29_{period}_conciliacion.csv": base64.b64encode(answer["files"]["csv"].encode()).decode(),
            f"F29_{period}_conciliacion.xlsx": answer["files"]["xlsx"],
        }
        read = Reconciliation(certified=answer["certified"], differing=len(answer["differences"]), files=files)
        read.contents()
    except (KeyError, TypeError, AttributeError, ValidationError, binascii.Error) as error:
        raise PermanentError(
            f"El módulo of_sii_cl de Odoo respondió una conciliación que este paquete no sabe leer "
            f"({type(error).__name__}): actualice el módulo a la versión de este paquete."
        ) from None
    return read


def sentence(reconciliation: Reconciliation) -> str:
    """One line for people: certified, or how many documents differ."""
    if reconciliation.certified:
        return "Certificado: Odoo, el registro del SII y el formulario dicen lo mismo."
    if reconciliation.differing:
        differ = "difiere" if reconciliation.differing == 1 else "difieren"
        return f"No certificado: {words.counted(reconciliation.differing, 'documento')} {differ} del registro del SII."
    return "No certificado contra el registro del SII: vea la pestaña Conciliación del formulario."
