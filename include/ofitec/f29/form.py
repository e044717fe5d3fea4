"""The F29 as the add-on `of_sii_cl` reports it: the Airflow side's view of the RPC contract."""

from datetime import date
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, ValidationError, field_validator, model_validator
from stdnum.cl import rut as stdnum_rut
from stdnum.exceptions import ValidationError as RutError

from ofitec.errors import InputError, PermanentError

ALWAYS_PRESENT = frozenset({"538", "537", "89", "77", "595", "547", "91"})
PPM_RATE = "115"  # the one código that is no whole number


class Company(BaseModel):
    """A company of Odoo that files an F29."""

    id: int
    name: str
    rut: str = Field(description='without dots, with the check digit: "76123456-0"')


class FormWarning(BaseModel):
    """What the add-on could not know, in Spanish, for the accountant."""

    code: str
    message: str


class F29Form(BaseModel):
    """The answer of `of.sii.f29.compute_period`. Amounts are whole pesos, counts are documents; código 115, a percent
    with decimals, is `ppm_rate` and not among the `casillas`."""

    model_config = ConfigDict(extra="ignore")

    id: int
    period: str = Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")
    rut: str
    company: str
    status: str
    casillas: dict[str, StrictInt]
    warnings: list[FormWarning] = []
    due_date: date | None = None
    version: int = 1
    ppm_rate: Decimal = Decimal(0)

    @model_validator(mode="before")
    @classmethod
    def _rate_apart(cls, answer: object) -> object:
        casillas = answer.get("casillas") if isinstance(answer, dict) else None
        if not isinstance(answer, dict) or not isinstance(casillas, dict) or PPM_RATE not in casillas:
            return answer
        rate, whole = casillas[PPM_RATE], {code: amount for code, amount in casillas.items() if code != PPM_RATE}
        stated = answer.get("ppm_rate", rate)
        try:
            same = Decimal(str(stated)) == Decimal(str(rate))
        except ArithmeticError:
            same = False
        if not same:
            raise ValueError(f"código 115 is {rate} and ppm_rate {stated}")
        return {**answer, "casillas": whole, "ppm_rate": str(rate)}

    @field_validator("casillas")
    @classmethod
    def _casillas_complete(cls, value: dict[str, int]) -> dict[str, int]:
        missing = sorted(ALWAYS_PRESENT - value.keys(), key=int)
        if missing:
            raise ValueError(f"códigos {', '.join(missing)} are missing")
        return value

    @field_validator("rut")
    @classmethod
    def _rut(cls, value: str) -> str:
        return normal_rut(value)

    def amount(self, code: str) -> int:
        """The amount of a código in whole pesos, 0 when absent."""
        return self.casillas.get(code, 0)


class ClosedForm(BaseModel):
    """A computed and checked form with the three files as Odoo exports them (text, UTF-8)."""

    form: F29Form
    files: dict[str, str] = Field(description='file name to content: {"F29_2026-08.csv": "casilla,..."}')


def normal_rut(text: str) -> str:
    """A RUT without dots and with its hyphen: "76.123.456-0" gives "76123456-0".

    :raises InputError: if the number or its check digit is wrong
    """
    try:
        compact = stdnum_rut.validate(text)
    except RutError:
        raise InputError(f"{text!r} is no valid RUT: check its number and check digit.") from None
    return f"{compact[:-1]}-{compact[-1]}"


def read_form(answer: object) -> F29Form:
    """Validate the add-on's answer.

    :raises PermanentError: if it lacks what the contract promises, as an add-on that is too old does
    """
    try:
        return F29Form.model_validate(answer)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "answer"
        raise PermanentError(
            f"Odoo's add-on of_sii_cl answered what this package cannot read ({where}: {first['msg']}). "
            "It is too old or too new: upgrade the add-on to this package's version."
        ) from None
