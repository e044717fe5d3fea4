import base64

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Datetime

from ..core import period as periods
from ..core import utm


class OfSiiUtmLoadWizard(models.TransientModel):
    _name = "of.sii.utm.load.wizard"
    _inherit = "of.sii.f29.dialog"
    _description = "Load the UTM"

    content = fields.Text(string="Table", help="One month a line, as copied from sii.cl or from a spreadsheet")
    file = fields.Binary(string="CSV file", attachment=False)
    file_name = fields.Char()
    year = fields.Char(
        required=True,
        size=4,
        default=lambda self: f"{periods.today_in_santiago(Datetime.now()):%Y}",
        help="Of the lines that name a month without its year, as the SII's page does",
    )
    result = fields.Text(readonly=True)

    def action_load(self):
        """Load what was pasted or the file, all of it or nothing, and show what that changed."""
        self.ensure_one()
        content = self._content()
        if not (self.year or "").isdigit():
            raise UserError(f"«{self.year}» no es un año: escriba por ejemplo 2026.")
        loaded = self.env["of.sii.utm"].load(content, int(self.year))
        self.write({"result": utm.loaded(**loaded), "file": False})
        return self._show()

    def _content(self):
        if bool(self.file) == bool((self.content or "").strip()):
            raise UserError("Pegue la tabla de la UTM o elija un archivo CSV: una de las dos cosas.")
        if not self.file:
            return self.content
        data = base64.b64decode(self.file)
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return data.decode("cp1252", errors="replace")  # Excel's own CSV
