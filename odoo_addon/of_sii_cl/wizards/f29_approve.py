from odoo import fields, models


class OfSiiF29ApproveWizard(models.TransientModel):
    _name = "of.sii.f29.approve.wizard"
    _inherit = "of.sii.f29.dialog"
    _description = "Approve an F29 whose figures changed"

    f29_id = fields.Many2one("of.sii.f29", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="f29_id.currency_id")
    total_to_pay = fields.Monetary(related="f29_id.total_to_pay")
    changes = fields.Text(string="What changed", readonly=True)

    def action_approve(self):
        """Approve with the figures shown; what changed in the meantime is shown and asked again."""
        self.ensure_one()
        action = self.f29_id.action_approve()
        return action if isinstance(action, dict) else {"type": "ir.actions.act_window_close"}
