import base64

from odoo import fields, models

from ..core import codes
from .workbook import workbook

MIMETYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
    "json": "application/json",
    "xml": "application/xml",
}


class OfSiiF29(models.Model):
    _inherit = "of.sii.f29"

    file_xlsx = fields.Binary(compute="_compute_files")
    file_csv = fields.Binary(compute="_compute_files")
    file_json = fields.Binary(compute="_compute_files")
    file_xml = fields.Binary(compute="_compute_files")

    def _compute_files(self):
        """The files behind the download buttons, made when one is asked for."""
        for form in self:
            for kind in MIMETYPES:
                name = f"file_{kind}"
                form[name] = base64.b64encode(form._file(kind)) if form.line_ids else False

    def _file(self, kind):
        """Bytes of the form in a format: ``xlsx``, ``csv``, ``json`` or ``xml``."""
        return self.to_xlsx() if kind == "xlsx" else getattr(self, f"to_{kind}")().encode()

    def _file_name(self, kind):
        version = f"_v{self.version}" if self.version > 1 else ""
        return f"F29_{self.period}{version}.{kind}"

    def action_download(self):
        """Download the form in the format of the context's ``f29_format`` (an Excel sheet when there is none)."""
        self.ensure_one()
        kind = self.env.context.get("f29_format", "xlsx")
        self._export_form()  # says why there is nothing to download yet
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/file_{kind}/{self._file_name(kind)}?download=true",
            "target": "self",
        }

    def to_xlsx(self):
        """The form as an Excel sheet for people: heading, sections, código, glosa, amount."""
        self._export_form()  # says why there is nothing to write yet
        return workbook(self.period, self.name, self._fill_form)

    def _fill_form(self, book):
        sheet = book.add_worksheet(f"F29 {self.period}")
        bold, money = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0"})
        rate = book.add_format({"num_format": "0.000"})
        section_format = book.add_format({"bold": True, "bg_color": "#DDE5EE"})
        sheet.set_column(0, 0, 10)
        sheet.set_column(1, 1, 85)
        sheet.set_column(2, 2, 18, money)
        row = self._write_heading(sheet, bold)
        sheet.freeze_panes(row, 0)
        section = None
        for line in self.line_ids.sorted("sequence"):
            if line.section != section:
                section = line.section
                sheet.merge_range(row, 0, row, 2, codes.SECTIONS.get(section, ""), section_format)
                row += 1
            sheet.write_number(row, 0, line.code)
            sheet.write_string(row, 1, line.glosa)
            sheet.write_number(row, 2, line.amount, rate if line.kind == "rate" else money)
            row += 1

    def _write_heading(self, sheet, bold):
        """Who, when, which version, and the names of the columns; the number of rows written."""
        rows = self._write_who(sheet, bold)
        for column, name in enumerate(("Código", "Glosa", "Monto")):
            sheet.write_string(rows + 1, column, name, bold)
        return rows + 2

    def _write_who(self, sheet, bold):
        """Who, when, which version; the number of rows written."""
        version = f"{self.version} (rectificatoria)" if self.version > 1 else str(self.version)
        rows = [
            ("Formulario 29", self.company_name),
            ("RUT", self.rut),
            ("Período", self.period),
            ("Versión", version),
            ("Estado", dict(self._fields["status"]._description_selection(self.env))[self.status]),
            ("Folio SII", self.folio or "sin declarar"),
        ]
        for number, (name, value) in enumerate(rows):
            sheet.write_string(number, 0, name, bold)
            sheet.write_string(number, 1, value)
        return len(rows)
