import base64

from odoo import fields, models

from ..core import annex, codes
from .workbook import workbook

COLUMNS = {
    "sales": ("Exento", "Neto", "IVA", "Total"),
    "purchases": ("Exento", "Neto", "IVA", "IVA crédito", "Total"),
    "fees": ("Bruto", "Retención (151)", "Líquido"),
}
FIELDS = {
    "sales": ("exempt", "net", "iva", "total"),
    "purchases": ("exempt", "net", "iva", "credit", "total"),
    "fees": ("net", "withheld", "total"),
}
DOCUMENT = ("Tipo", "Folio", "Fecha", "RUT", "Nombre")


class OfSiiF29(models.Model):
    _inherit = "of.sii.f29"

    file_annex = fields.Binary(compute="_compute_file_annex")

    def _compute_file_annex(self):
        for form in self:
            form.file_annex = base64.b64encode(form.to_annex()) if form.line_ids else False

    def _file_name(self, kind):
        if kind == "annex":
            return super()._file_name("xlsx").replace(".xlsx", "_anexos.xlsx")
        return super()._file_name(kind)

    def to_annex(self):
        """The form with its books of sales, purchases and fees and the parts of each código, as an Excel book (bytes).

        From the kept documents once the form is closed. The same form gives the same bytes.
        """
        return workbook(self.period, f"{self.name}: anexos", self._fill_annex)

    def _fill_annex(self, book):
        data = self._annex()
        formats = {
            "bold": book.add_format({"bold": True}),
            "money": book.add_format({"num_format": "#,##0"}),
            "rate": book.add_format({"num_format": "0.000"}),
            "section": book.add_format({"bold": True, "bg_color": "#DDE5EE"}),
        }
        self._write_form_sheet(book, formats)
        for one in data["books"]:
            self._write_book(book, formats, one, data["names"])
        self._write_parts_sheet(book, formats, data["parts"], data["names"])

    def _new_sheet(self, book, formats, title, widths, columns):
        """A sheet with its heading and the names of its columns; (sheet, first row below)."""
        sheet = book.add_worksheet(title)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        row = self._write_who(sheet, formats["bold"])
        sheet.write_string(row, 0, annex.NOT_OFFICIAL)
        for column, name in enumerate(columns):
            sheet.write_string(row + 2, column, name, formats["bold"])
        sheet.freeze_panes(row + 3, 0)
        return sheet, row + 3

    def _write_form_sheet(self, book, formats):
        """The form in the SII's order, with its sections and lines."""
        columns = ("Línea", "Código", "Glosa", "Monto")
        sheet, row = self._new_sheet(book, formats, f"F29 {self.period}", (10, 10, 85, 18), columns)
        section = None
        for line in self.line_ids.sorted("sequence"):
            if line.section != section:
                section = line.section
                sheet.merge_range(row, 0, row, 3, codes.SECTIONS.get(section, ""), formats["section"])
                row += 1
            place = codes.codes()[line.code].line
            if place:
                sheet.write_number(row, 0, place)
            sheet.write_number(row, 1, line.code)
            sheet.write_string(row, 2, line.glosa)
            sheet.write_number(row, 3, line.amount, formats["rate" if line.kind == "rate" else "money"])
            row += 1

    def _write_book(self, book, formats, one, names):
        """One register: its documents, then its totals by document type."""
        columns = (*DOCUMENT, *COLUMNS[one.key], "Códigos")
        widths = (8, 14, 12, 14, 40, *(15 for _name in COLUMNS[one.key]), 30)
        sheet, row = self._new_sheet(book, formats, one.title, widths, columns)
        for document in one.documents:
            for column, name in enumerate(("type", "folio", "date", "rut", "name")):
                sheet.write_string(row, column, getattr(document, name))
            for column, name in enumerate(FIELDS[one.key], start=len(DOCUMENT)):
                sheet.write_number(row, column, getattr(document, name), formats["money"])
            sheet.write_string(row, len(columns) - 1, document.fed)
            row += 1
        row += 1
        for column, name in enumerate(("Tipo", "Documentos", "", "", "Totales por tipo", *COLUMNS[one.key])):
            sheet.write_string(row, column, name, formats["section"])
        for total in one.types():
            row += 1
            sheet.write_string(row, 0, total.type)
            sheet.write_number(row, 1, total.documents)
            sheet.write_string(row, 4, names.get(total.type, ""))
            for column, name in enumerate(FIELDS[one.key], start=len(DOCUMENT)):
                sheet.write_number(row, column, getattr(total, name), formats["money"])

    def _write_parts_sheet(self, book, formats, parts, names):
        """Each código with what adds up to it, and the form's amount."""
        columns = ("Código", "Glosa", "Tipo", "Qué", "Documentos", "Monto")
        sheet, row = self._new_sheet(book, formats, "Por código", (10, 70, 8, 40, 12, 18), columns)
        figures = {line.code: line.amount for line in self.line_ids}
        for number, part in enumerate(parts):
            sheet.write_number(row, 0, part.code)
            sheet.write_string(row, 1, codes.glosa(part.code))
            sheet.write_string(row, 2, part.type)
            sheet.write_string(row, 3, part.label or names.get(part.type, ""))
            if part.documents:
                sheet.write_number(row, 4, part.documents)
            sheet.write_number(row, 5, part.amount, formats["money"])
            row += 1
            if number + 1 == len(parts) or parts[number + 1].code != part.code:
                sheet.write_string(row, 3, f"En el formulario, código {part.code}", formats["bold"])
                sheet.write_number(row, 5, figures.get(part.code, 0), formats["money"])
                row += 1
