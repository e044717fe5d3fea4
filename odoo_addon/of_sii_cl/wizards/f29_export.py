import base64

from odoo import fields, models

FORMATS = [("csv", "CSV"), ("json", "JSON"), ("xml", "XML")]


class OfSiiF29ExportWizard(models.TransientModel):
    _name = "of.sii.f29.export.wizard"
    _description = "Export an F29 to a file"

    f29_id = fields.Many2one("of.sii.f29", required=True, readonly=True)
    fmt = fields.Selection(FORMATS, string="Format", default="csv", required=True)
    filedata = fields.Binary(string="File", readonly=True)
    filename = fields.Char(readonly=True)

    def action_export(self):
        """Fill the file and show this wizard again with it."""
        self.ensure_one()
        render = {"csv": self.f29_id.to_csv, "json": self.f29_id.to_json, "xml": self.f29_id.to_xml}[self.fmt]
        self.write(
            {
                "filedata": base64.b64encode(render().encode()),
                "filename": f"F29_{self.f29_id.period}.{self.fmt}",
            }
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
        }
