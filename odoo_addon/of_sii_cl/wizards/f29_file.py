from odoo import fields, models
from odoo.fields import Datetime

from ..core import period as periods


class OfSiiF29FileWizard(models.TransientModel):
    _name = "of.sii.f29.file.wizard"
    _inherit = "of.sii.f29.dialog"
    _description = "What was filed at the SII"

    f29_id = fields.Many2one("of.sii.f29", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="f29_id.currency_id")
    folio = fields.Char(string="Folio SII", help="Código 07 of the certificate")
    filed_on = fields.Date(string="Filed on", default=lambda self: periods.today_in_santiago(Datetime.now()))
    filed_total = fields.Monetary(string="Total as filed (91)")
    filed_remanente = fields.Monetary(string="Carried forward as filed (77)")
    reason = fields.Char(string="Reason of the difference", help="Needed when a figure differs from the form's.")

    def action_file(self):
        """Mark the form as filed with these answers."""
        self.ensure_one()
        self.f29_id.action_file(self.folio, self.filed_on, self.filed_total, self.filed_remanente, self.reason)
        return {"type": "ir.actions.act_window_close"}
