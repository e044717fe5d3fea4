from odoo import fields, models


class OfSiiF29Part(models.TransientModel):
    _name = "of.sii.f29.part"
    _description = "F29: what a código adds up"
    _order = "date, document_type, name, id"

    line_id = fields.Many2one("of.sii.f29.line", required=True, readonly=True, ondelete="cascade", index=True)
    move_id = fields.Many2one("account.move", string="Document", readonly=True, ondelete="cascade")
    document_type = fields.Char(readonly=True)
    name = fields.Char(string="Number or reason", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Counterpart", readonly=True, ondelete="cascade")
    date = fields.Date(readonly=True)
    amount = fields.Float(digits=(16, 0), readonly=True, help="Whole pesos, or documents for a count.")

    def action_open_document(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "context": {"create": False},
        }
