from odoo import models


class OfSiiF29Dialog(models.AbstractModel):
    _name = "of.sii.f29.dialog"
    _description = "Dialog about one F29"

    def _show(self):
        """Action that opens this record as a dialog, titled in the reader's language."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env["ir.model"]._get(self._name).sudo().name,
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
        }
