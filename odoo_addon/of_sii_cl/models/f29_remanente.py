from odoo import api, fields, models

from ..core.remanente import in_utm


class OfSiiF29(models.Model):
    _inherit = "of.sii.f29"

    carried_pesos = fields.Monetary(string="Left by the previous form (77)", compute="_compute_carried")
    carried_utm = fields.Float(string="The same in UTM", digits=(16, 2), compute="_compute_carried")
    carried_now = fields.Monetary(string="Credit taken over (504)", compute="_compute_carried")

    @api.depends("previous_id", "utm_then", "line_ids.amount")
    def _compute_carried(self):
        """How 504 comes from the previous 77: pesos, UTM with two decimals, pesos (art. 27 D.L. 825)."""
        for form in self:
            previous = form.previous_id
            pesos = int(previous._remanentes().get(77, 0))
            form.carried_pesos = pesos
            form.carried_utm = float(in_utm(pesos, form.utm_then)) if form.utm_then else 0
            form.carried_now = sum(form.line_ids.filtered(lambda line: line.code == 504).mapped("amount"))

    def _remanentes(self):
        """What a filed form leaves is what was filed."""
        left = super()._remanentes()
        return left | {77: int(self.filed_remanente)} if self and self.filed_on else left
