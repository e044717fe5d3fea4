from odoo import fields, models


class OfSiiRcvAcceptWizard(models.TransientModel):
    _name = "of.sii.rcv.accept.wizard"
    _inherit = "of.sii.f29.dialog"
    _description = "Accept the SII's month"

    f29_id = fields.Many2one("of.sii.f29", required=True, readonly=True, ondelete="cascade")
    documents = fields.Text(string="Documents that change their month", readonly=True)
    changes = fields.Text(string="What it does to this form", readonly=True)

    def action_accept(self):
        """Declare the documents in the months that the SII gives to them."""
        self.ensure_one()
        self.f29_id._accept_sii_months()
        return {"type": "ir.actions.act_window_close"}
