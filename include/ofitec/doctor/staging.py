"""What a staging copy needs beside a proof: the password of its users, and rules that can be read."""

from ofitec.doctor.findings import Unused
from ofitec.errors import InputError
from ofitec.settings import settings


def ready() -> str:
    """The connection, the rules and the Odoo that neutralises.

    :raises InputError: if one is missing or wrong
    """
    from ofitec.staging.steps import choices

    if not settings().staging:
        raise Unused("OFITEC_STAGING is off: no staging copy is made")
    if not settings().odoo_command:
        raise InputError("A staging copy needs an Odoo that neutralises it: set OFITEC_ODOO_COMMAND.")
    count = sum(len(columns) for columns in choices().rules.values())
    return f"a password for its users, and {count} columns with a rule"
