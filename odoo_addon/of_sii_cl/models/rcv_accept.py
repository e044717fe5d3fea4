from odoo import fields, models
from odoo.exceptions import UserError

from ..core import workflow

_MOST_SHOWN = 20


class OfSiiF29(models.Model):
    _inherit = "of.sii.f29"

    has_sii_months = fields.Boolean(compute="_compute_has_sii_months")

    def _compute_has_sii_months(self):
        for form in self:
            form.has_sii_months = form.status in ("draft", "ready") and bool(form._moves_of_other_months())

    def _moves_of_other_months(self):
        """Posted documents of which the last reconciliation says that the SII has them in another month, or pending."""
        differing = self.sudo().difference_ids.filtered(
            lambda row: (
                row.move_id.state == "posted"
                and (row.kind == "other_period" or row.line_id.exists().section == "pending")
            )
        )
        return differing.move_id

    def _sii_months(self):
        """(account.move, month) of each document that can go to the SII's month: neither its own month nor that one is
        closed."""
        moves = self._moves_of_other_months()
        return [
            (move, period)
            for move_id, period in sorted(moves._of_sii_acuse_periods().items())
            if (move := moves.browse(move_id)).of_sii_period != period
            and not move._of_sii_sealed_in()
            and not move._of_sii_closed(period)
            and not move._of_sii_closed(move.of_sii_period)
        ]

    def action_accept_sii_months(self):
        """Show what declaring the documents in the SII's months does to this form, código by código, and ask."""
        self.ensure_one()
        self._require_preparer("cambiar el mes de documentos de")
        found = self.sudo()._sii_months()
        if not found:
            raise UserError(
                "No hay documentos que llevar al mes del SII: los que difieren están en meses ya aprobados o "
                "declarados, o el registro no dice su mes. Concilie otra vez si cargó uno nuevo."
            )
        lines = [f"{move.name}: {move.of_sii_period} → {period}" for move, period in found[:_MOST_SHOWN]]
        if len(found) > _MOST_SHOWN:
            lines.append(f"y {len(found) - _MOST_SHOWN} más")
        wizard = self.env["of.sii.rcv.accept.wizard"].create(
            {
                "f29_id": self.id,
                "documents": "\n".join(lines),
                "changes": "\n".join(self.sudo()._changes_by(found)) or "Ningún código de este formulario cambia.",
            }
        )
        return wizard._show()

    def _changes_by(self, found):
        """``Código 520: $X → $Y`` for each código of this form that the months change, worked out and undone."""
        rules = self._resolved().rules
        before = self._ledger(rules).codes
        # by SQL, and put back: the figures are the statement's own, and no other transaction sees them
        periods_of = {move.id: period for move, period in found}
        savepoint = self.env.cr.savepoint(flush=False)
        try:
            self.env.cr.execute(
                """
                UPDATE account_move m SET of_sii_period = given.period
                  FROM unnest(%s, %s) AS given(id, period) WHERE m.id = given.id
                """,
                [list(periods_of), list(periods_of.values())],
            )
            after = self._ledger(rules).codes
        finally:
            savepoint.rollback()
            savepoint.close(rollback=False)
        return workflow.change_lines(before, after)

    def _accept_sii_months(self):
        self.ensure_one()
        self._require_preparer("cambiar el mes de documentos de")
        form = self.sudo()
        found = form._sii_months()
        for move, period in found:
            move._of_sii_give_period(period)
        moved = "1 documento llevado" if len(found) == 1 else f"{len(found)} documentos llevados"
        form._message_log(body=f"{moved} al mes del SII.")
        self.action_compute()
