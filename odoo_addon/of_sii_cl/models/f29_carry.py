from odoo import api, fields, models

from ..core import codes, formulas, messages, questions
from ..core import period as periods
from ..core.remanente import carry

# Código that is taken over -> the código of the form before that it comes from, and the códigos that show that a
# company has such a tax (504 is asked of everyone). Only 504 is readjusted here, by art. 27 D.L. 825. SII's
# instructions (12-11-2024) say of 722 "debidamente reajustado" without an index and nothing of 508 and 557.
CARRIED = {
    504: (77, None),
    508: (507, (*formulas.ILA_DEBITS, *(code for code in formulas.ILA_CREDITS if code != 508))),
    557: (573, (556, 558)),
    722: (724, (721,)),
}


class OfSiiF29(models.Model):
    _inherit = "of.sii.f29"

    questions = fields.Json(readonly=True, copy=False)
    missing_inputs = fields.Json(readonly=True, copy=False)
    movement = fields.Boolean(
        default=True, readonly=True, copy=False, help="Not set: nothing to declare in the month (sin movimiento)"
    )
    pending_text = fields.Text(compute="_compute_pending_text")

    @api.depends("questions", "missing_inputs")
    def _compute_pending_text(self):
        for form in self:
            lines = [question["message"] for question in form.questions or []]
            lines += [questions.missing_input_text(missing) for missing in form.missing_inputs or []]
            form.pending_text = "\n".join(f"• {line}" for line in lines) or False

    def _previous(self):
        """The form of the month before: as filed, else its newest version."""
        return self._form_that_counts(self.company_id, periods.shift(self.period, -1))

    def _carry(self):
        """What the form before gives: (código -> whole pesos, values to keep on the form, warnings)."""
        previous = self._previous()
        # The form of a month is declared in the next one: the previous in this period's month, this in the next.
        months = [self.period, periods.shift(self.period, 1)]
        known = self.env["of.sii.utm"]._values(months)
        kept = {
            "previous_id": previous.id,
            "utm_then": known.get(months[0], 0),
            "utm_now": known.get(months[1], 0),
        }
        given = previous._remanentes()
        carried = {code: given.get(source, 0) for code, (source, _family) in CARRIED.items()}
        if not carried[504] or 504 in self.input_ids.mapped("code"):
            return carried, kept, []
        unknown = [month for month in months if not known.get(month)]
        if unknown:
            return carried, kept, [messages.missing_utm(unknown, carried[504])]
        carried[504] = carry(carried[504], known[months[0]], known[months[1]])
        return carried, kept, []

    def _remanentes(self):
        """Código -> whole pesos that this form leaves to the next one."""
        return {source: self._casillas().get(source, 0) for source, _family in CARRIED.values()} if self else {}

    def _month_values(self, ledger, form, previous):
        """What the form keeps of its month beside the códigos: questions, missing inputs, movement, basis of fees.

        ``previous``: the form of the month before, empty when there is none.
        """
        own = {code: value for code, value in form.values.items() if codes.codes()[code].source in ("ledger", "input")}
        return {
            "questions": self._questions(form.values, previous),
            "missing_inputs": self._missing_inputs(previous),
            "movement": ledger.documents or any(own.values()),
            "bhe_basis": self.company_id.of_sii_bhe_basis,
        }

    def _questions(self, values, previous):
        """The remanentes that only a person knows (questions.Question): not entered, and the month before has no form,
        or one that asks the same and was not filed."""
        filed = previous.status in ("filed", "paid")
        asked = {int(question["code"]) for question in previous.questions or [] if not filed}
        entered = set(self.input_ids.mapped("code"))
        return [
            questions.ask_carried(code, source, periods.shift(self.period, -1), bool(previous))
            for code, (source, family) in CARRIED.items()
            if code not in entered
            and (code in asked if previous else family is None or any(values.get(member) for member in family))
        ]

    def _missing_inputs(self, previous):
        """What only a person knows, was entered in the month before and not yet here (questions.MissingInput)."""
        known, entered = codes.codes(), set(self.input_ids.mapped("code"))
        return [
            questions.missing_input(manual.code, int(manual.amount))
            for manual in previous.input_ids
            if manual.amount and manual.code not in entered and known[manual.code].source == "input"
        ]

    def _month_data(self):
        """The part of compute_period's answer that tells of the month: see _as_data."""
        return {
            "movement": self.movement,
            "questions": self.questions or [],
            "missing_inputs": self.missing_inputs or [],
        }
