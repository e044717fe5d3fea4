import base64

from odoo import fields, models

FORMATS = [("xlsx", "Excel"), ("csv", "CSV"), ("json", "JSON"), ("xml", "XML")]


class OfSiiF29ExportWizard(models.TransientModel):
    _name = "of.sii.f29.export.wizard"
    _inherit = "of.sii.f29.dialog"
    _description = "Export an F29 to a file"

    f29_id = fields.Many2one("of.sii.f29", required=True, readonly=True)
    fmt = fields.Selection(FORMATS, string="Format", default="csv", required=True)
    filedata = fields.Binary(string="File", readonly=True)
    filename = fields.Char(readonly=True)

    def action_export(self):
        """Fill the file and show this wizard again with it."""
        self.ensure_one()
        form = self.f29_id
        self.write({"filedata": base64.b64encode(form._file(self.fmt)), "filename": form._file_name(self.fmt)})
        return self._show()

    def action_download(self):
        """Download the format of the button (``f29_format`` in the context) at once."""
        return self.f29_id.action_download()

    def action_print_annex(self):
        """The annexes as PDF."""
        return self.env.ref("of_sii_cl.f29_annex_report").report_action(self.f29_id, config=False)
