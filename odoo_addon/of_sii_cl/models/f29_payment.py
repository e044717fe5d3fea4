from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Datetime

from ..core.closing import TOTAL_TO_PAY


class OfSiiF29(models.Model):
    _inherit = "of.sii.f29"

    def _payable_lines(self):
        """The lines of the form's posted closing entry that are to be paid (91)."""
        entry = self._closing_entry()
        lines = entry.line_ids if entry.state == "posted" else entry.line_ids.browse()
        return lines.filtered(lambda line: line.of_sii_f29_code == TOTAL_TO_PAY)

    def _settle(self):
        """Mark as paid the forms (sudo) whose payable is reconciled in full, and take back a mark that no longer holds.

        A rectification is paid when what it adds is, and what was filed before it.
        """
        for form in self | self._replacing():
            own = form._payable_lines()
            lines = own
            for replaced in form._replaced():
                lines |= replaced._payable_lines()
            settled = bool(own) and all(line.reconciled for line in lines)
            if settled and form.status == "filed":
                partials = own.matched_debit_ids | own.matched_credit_ids
                paid = {"paid_on": max(partials.mapped("max_date")), "paid_at": Datetime.now()}
                form.write({**paid, "status": "paid", "paid_by_payment": True})
            elif not settled and form.status == "paid" and form.paid_by_payment:
                form.write({"status": "filed", "paid_on": False, "paid_at": False, "paid_by_payment": False})

    def _replacing(self):
        """The forms that rectify these, directly or by another."""
        forms = self.replaced_by_id
        return forms | forms._replacing() if forms else forms

    def action_undo(self):
        for form in self:
            if form.status == "paid" and form.paid_by_payment:
                raise UserError(
                    f"El F29 de {form.period} está pagado porque su asiento de cierre está conciliado: deshaga la "
                    "conciliación del pago y volverá a «Declarado»."
                )
        return super().action_undo()
