"""Whose yes counts: the rules of `OFITEC_APPROVERS` and `OFITEC_FOUR_EYES`. Pure, but for `Rules.set`.

People are known by the name of their account in Airflow, as it writes it beside a run that they triggered and beside
an answer that they gave. Airflow's own rights come first: they say who may answer at all. These rules are asked again
by the task that waits, with the answer in hand, so that they hold whatever Airflow let through.

A no needs no rule: whoever may answer may stop what was asked for, and whoever asked may withdraw it.
"""

from dataclasses import dataclass
from typing import Self

from ofitec.errors import InputError


@dataclass(frozen=True)
class Rules:
    """:param approvers: accounts whose yes counts; none: of everybody whom Airflow lets answer
    :param four_eyes: whether the yes of whoever asked counts for nothing
    """

    approvers: tuple[str, ...] = ()
    four_eyes: bool = False

    @classmethod
    def set(cls) -> Self:
        """Those of this installation's settings."""
        from ofitec.settings import settings

        chosen = settings()
        return cls(chosen.approver_names, chosen.requester_refused)

    def candidates(self, requester: str) -> list[str]:
        """Of the named approvers, those whose yes would count in a run of `requester`."""
        return [name for name in self.approvers if not (self.four_eyes and _same(name, requester))]

    def may(self, requester: str) -> str:
        """A sentence for whoever is asked: who may approve; "" if there is no rule."""
        if self.approvers:
            return f"Aprueba: {' o '.join(self.candidates(requester))}."
        return f"Aprueba alguien que no sea {requester}, que lo pide." if self.four_eyes else ""

    def refusal(self, who: str, requester: str) -> str:
        """Why this person's yes does not count: a sentence; "" if it does."""
        if self.approvers and not any(_same(name, who) for name in self.approvers):
            return f"{who or 'Quien respondió'} no está entre quienes aprueban aquí: {', '.join(self.approvers)}."
        if self.four_eyes and (not who or _same(who, requester)):
            return f"{who or 'Quien respondió'} pidió esta ejecución, y quien pide no aprueba."
        return ""

    def require_someone(self, requester: str, *, repeated: bool) -> None:
        """Refuse a run in which no yes could count, before anything is done for it.

        :param requester: the account that triggered the run, "" if Airflow does not know it
        :param repeated: whether the run was cleared; Airflow does not keep who did that
        :raises InputError: what to do instead
        """
        if not self.four_eyes:
            return
        if repeated:
            raise InputError(
                "Esta ejecución se repitió (Clear), y no se sabe quién lo hizo: quien pide no puede ser quien aprueba "
                "(OFITEC_FOUR_EYES). Ejecute el DAG de nuevo."
            )
        if not requester:
            raise InputError(
                "Airflow no sabe quién pidió esta ejecución, y quien pide no puede ser quien aprueba "
                "(OFITEC_FOUR_EYES). Ejecute el DAG con su propia cuenta, desde la página o la API de Airflow."
            )
        if self.approvers and not self.candidates(requester):
            raise InputError(
                f"Aquí solo aprueba {requester}, que pidió esta ejecución, y quien pide no aprueba. Debe pedirla otra "
                "persona, o hay que nombrar a otra en OFITEC_APPROVERS. Una empresa de una sola persona pone "
                "OFITEC_FOUR_EYES=false."
            )


def _same(one: str, other: str) -> bool:
    """Airflow's accounts are told apart without regard to case where people log in."""
    return one.casefold() == other.casefold()
