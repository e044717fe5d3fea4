from decimal import Decimal

from odoo import models
from odoo.exceptions import UserError

from ..core import export, messages


class OfSiiF29(models.Model):
    _inherit = "of.sii.f29"

    def to_csv(self):
        """The form as CSV text: ``casilla,monto,glosa``."""
        return export.to_csv(self._export_form())

    def to_json(self):
        """The form as JSON text."""
        return export.to_json(self._export_form())

    def to_xml(self):
        """The form as XML text, valid against static/xsd/f29.xsd."""
        return export.to_xml(self._export_form())

    def _export_form(self):
        self.ensure_one()
        if not self.line_ids:
            raise UserError(f"El F29 de {self.period} no está calculado: calcúlelo antes de exportar.")
        return export.ExportForm(
            period=self.period,
            company=self.company_name,
            rut=self.rut,
            version=self.version,
            ppm_rate=messages.rate_text(Decimal(str(self.ppm_rate))),
            casillas=self._casillas(),
        )
