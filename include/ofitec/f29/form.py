"""The F29 as the add-on `of_sii_cl` reports it: the Airflow side's view of the RPC contract."""

from datetime import date
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, ValidationError, field_validator, model_validator
from stdnum.cl import rut as stdnum_rut
from stdnum.exceptions import ValidationError as RutError

from ofitec.errors import InputError, PermanentError
from ofitec.f29.rcv.delivery import Reconciliation

ALWAYS_PRESENT = frozenset({"538", "537", "89", "77", "595", "547", "91"})
PPM_RATE = "115"  # the one código that is no whole number
# códigos that count documents; all others but PPM_RATE are whole pesos
COUNTS = frozenset(
    str(code)
    for code in (
        *(585, 586, 731, 714, 515, 503, 763, 716, 110, 758, 512, 509, 708, 733, 516, 500),
        *(564, 566, 584, 519, 761, 765, 524, 527, 531, 534, 536, 811),
    )
)
OPEN, FILED = ("draft", "ready"), ("filed", "paid")


class Company(BaseModel):
    """A company of Odoo that files an F29."""

    id: int
    name: str
    rut: str = Field(description='without dots, with the check digit: "76123456-0"')
    refusal: str = Field(default="", description="why its F29 cannot be made: another company has its RUT")


class FormWarning(BaseModel):
    """What the add-on could not know, in Spanish, for the accountant. An acknowledged one asks for nothing more."""

    code: str
    message: str
    key: str = ""
    figure: str = Field(default="", description="changes when what it found changes")
    blocks: bool = False
    acknowledged: bool = False


class MissingInput(BaseModel):
    """A código that a person entered in the month before and not in this one; `last` is that month's, whole pesos."""

    code: str
    glosa: str = ""
    last: int


class Question(BaseModel):
    """A código that nobody has answered yet (0 is an answer)."""

    code: str
    message: str


class LateDocument(BaseModel):
    """What happened to a document of a filed month afterwards. `iva` in whole pesos."""

    kind: str = Field(description="posted, changed, cancelled or reset")
    period: str = Field(description="the filed month")
    direction: str = Field(description="sale or purchase")
    type: str
    folio: str
    iva: int = 0
    claimed_in: str | None = Field(default=None, description="the month that claims it, None while none does")


class F29Form(BaseModel):
    """The answer of `of.sii.f29.compute_period` and each half of `read_period`'s.

    Amounts are whole pesos, counts are documents; código 115, a percent with decimals, is `ppm_rate` and not among the
    `casillas`.
    """

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
    folio: str | None = None
    filed_on: date | None = None
    filed_total: int | None = Field(default=None, description="código 91 as filed at the SII")
    previous_total: int | None = Field(default=None, description="91 of the filed version that this one replaces")
    missing_inputs: list[MissingInput] = []
    questions: list[Question] = []
    late: list[LateDocument] = []
    movement: bool = True

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

    @field_validator("folio", "filed_on", mode="before")
    @classmethod
    def _odoo_false(cls, value: object) -> object:
        return value or None  # Odoo writes an empty field as False

    @field_validator("rut")
    @classmethod
    def _rut(cls, value: str) -> str:
        return normal_rut(value)

    def amount(self, code: str) -> int:
        """The amount of a código in whole pesos, 0 when absent."""
        return self.casillas.get(code, 0)

    @property
    def figures(self) -> dict[str, int | float]:
        """All that the form says, código 115 among it."""
        return {**self.casillas, PPM_RATE: float(self.ppm_rate)} if self.ppm_rate else {**self.casillas}

    @property
    def is_open(self) -> bool:
        """Whether a computation may still change it."""
        return self.status in OPEN

    @property
    def is_filed(self) -> bool:
        """Whether a person has marked it as filed at the SII."""
        return self.status in FILED

    @property
    def rectifies(self) -> bool:
        """Whether it replaces a version that was filed."""
        return self.previous_total is not None

    @property
    def has_due_date_to_tell(self) -> bool:
        """Whether somebody waits for its due date: it is not filed, and a rectification has none of its own."""
        return self.due_date is not None and not self.is_filed and self.version == 1

    @property
    def total(self) -> int:
        """What is paid within the legal term, whole pesos: as filed if it is filed, else código 91."""
        return self.filed_total if self.is_filed and self.filed_total is not None else self.amount("91")

    @property
    def unacknowledged(self) -> list[FormWarning]:
        """The warnings that still ask for a person."""
        return [warning for warning in self.warnings if not warning.acknowledged]

    @property
    def afterwards(self) -> list[LateDocument]:
        """What happened after filing, but for what a month before this one has taken up."""
        return [late for late in self.late if late.claimed_in is None or late.claimed_in >= self.period]

    def waits_for(self) -> list[str]:
        """A stable name for each thing on the form that waits for a person; a new one is worth a message."""
        late = (f"late/{e.kind}/{e.period}/{e.direction}/{e.type}/{e.folio}" for e in self.afterwards)
        if not self.is_open:
            return sorted(late)
        return sorted(
            [
                *(f"warning/{warning.key or warning.code}/{warning.figure}" for warning in self.unacknowledged),
                *(f"missing/{entry.code}" for entry in self.missing_inputs),
                *(f"question/{question.code}" for question in self.questions),
                *late,
            ]
        )


class ClosedForm(BaseModel):
    """A checked form with the three files as Odoo exports them (text, UTF-8), and how its month compared with the SII's
    register, if it was compared."""

    form: F29Form
    files: dict[str, str] = Field(description='file name to content: {"F29_2026-08.csv": "casilla,..."}')
    reconciliation: Reconciliation | None = None

    def contents(self) -> dict[str, bytes]:
        """All files of its delivery: name to bytes."""
        beside = self.reconciliation.contents() if self.reconciliation else {}
        return {**{name: text.encode() for name, text in self.files.items()}, **beside}


def normal_rut(text: str) -> str:
    """A RUT without dots and with its hyphen: "76.123.456-0" gives "76123456-0".

    :raises InputError: if the number or its check digit is wrong
    """
    try:
        compact = stdnum_rut.validate(text)
    except RutError:
        raise InputError(f"{text!r} no es un RUT válido: revise el número y su dígito verificador.") from None
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
            f"El módulo of_sii_cl de Odoo respondió algo que este paquete no sabe leer ({where}: {first['msg']}). "
            "Es demasiado antiguo o demasiado nuevo: actualice el módulo a la versión de este paquete."
        ) from None
