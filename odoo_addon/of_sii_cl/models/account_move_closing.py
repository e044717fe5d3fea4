from odoo import api, fields, models
from odoo.exceptions import AccessError


class AccountMove(models.Model):
    _inherit = "account.move"

    of_sii_f29_id = fields.Many2one(
        "of.sii.f29", string="Closes the F29", readonly=True, copy=False, index="btree_not_null", ondelete="set null"
    )

    @api.model_create_multi
    def create(self, vals_list):
        moves = super().create(vals_list)
        if not self.env.su and moves.of_sii_f29_id:
            moves._refuse_closing()
        return moves

    def write(self, vals):
        if "of_sii_f29_id" in vals and not self.env.su:
            self._refuse_closing()
        return super().write(vals)

    @api.model
    def _refuse_closing(self):
        """Whether a form is paid is read from its closing entry: which one that is, only the form says."""
        raise AccessError("Qué asiento cierra un F29 lo dice el formulario al aprobarse: no se escribe a mano.")


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    of_sii_f29_code = fields.Integer(
        string="F29 código",
        copy=False,
        help="Of a closing entry: the código that the line is of, 91 what is to be paid.",
    )


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    @api.model_create_multi
    def create(self, vals_list):
        partials = super().create(vals_list)
        partials._of_sii_forms()._settle()
        return partials

    def unlink(self):
        forms = self._of_sii_forms()
        result = super().unlink()
        forms._settle()
        return result

    def _of_sii_forms(self):
        """The forms (sudo) whose closing entries are reconciled here."""
        return (self.sudo().debit_move_id | self.sudo().credit_move_id).move_id.of_sii_f29_id
