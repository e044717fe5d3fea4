"""What the form asks of the accountant, in Spanish: códigos that only a person knows."""

from typing import TypedDict

from .codes import glosa
from .pesos import pesos


class Question(TypedDict):
    """A código that only a person can tell, asked until it is entered (0 is an answer)."""

    code: str
    message: str


class MissingInput(TypedDict):
    """A código that a person entered in the month before and not in this one. ``last``: whole pesos."""

    code: str
    glosa: str
    last: int


def ask_carried(code: int, source: int, period: str, computed: bool) -> Question:
    """Asks for a remanente that the form of the month before does not give: there is none, or (``computed``) it asks
    the same. ``source``: the código of that form it comes from."""
    why = f"El F29 de {period} aún pregunta por su código {code}" if computed else f"No hay F29 calculado de {period}"
    what = "responda allá y recalcule" if computed else "calcule ese período"
    return Question(
        code=str(code),
        message=f"{why}: ¿cuánto fue su código {source}, ya reajustado? Ingrese el código {code} ({glosa(code)}), 0 si "
        f"no hubo, o {what}.",
    )


def missing_input(code: int, last: int) -> MissingInput:
    return MissingInput(code=str(code), glosa=glosa(code), last=last)


def missing_input_text(missing: MissingInput) -> str:
    return (
        f"El código {missing['code']} ({missing['glosa']}) se ingresó el mes pasado por {pesos(missing['last'])} y "
        "este mes no: ingréselo, 0 si no corresponde."
    )
