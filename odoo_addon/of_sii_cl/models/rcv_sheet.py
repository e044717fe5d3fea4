from odoo import api, models

from ..core import codes, reconciliation
from .workbook import workbook

CODES = ("Código", "Glosa", "Odoo", "SII", "Diferencia")
DOCUMENTS = ("Diferencia", "Lado", "Tipo", "Folio", "RUT", "Nombre", "Odoo", "SII", "Causa")


class OfSiiRcvReconciliation(models.Model):
    _inherit = "of.sii.rcv.reconciliation"

    @api.model
    def _to_xlsx(self, told):
        """A ``core.reconciliation.Comparison`` as an Excel book for people (bytes): códigos, and documents."""
        title = f"Conciliación {told.period}"
        return workbook(told.period, title, lambda book: self._fill_comparison(book, told))

    @api.model
    def _fill_comparison(self, book, told):
        formats = {
            "bold": book.add_format({"bold": True}),
            "money": book.add_format({"num_format": "#,##0"}),
            "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
        }
        self._write_codes(book.add_worksheet("Códigos"), formats, told)
        self._write_documents(book.add_worksheet("Documentos"), formats, told)

    @api.model
    def _write_codes(self, sheet, formats, told):
        sheet.set_column(0, 0, 14)
        sheet.set_column(1, 1, 85)
        sheet.set_column(2, 4, 18)
        who = (
            ("Conciliación con el registro del SII", told.company),
            ("RUT", told.rut),
            ("Período", told.period),
            ("Documentos iguales", str(told.equal)),
        )
        for row, (name, value) in enumerate(who):
            sheet.write_string(row, 0, name, formats["bold"])
            sheet.write_string(row, 1, value)
        sheet.write_string(len(who), 1, told.certificate, formats["wrap"])
        first = len(who) + 2
        for column, name in enumerate(CODES):
            sheet.write_string(first - 1, column, name, formats["bold"])
        for row, (code, odoo, sii) in enumerate(told.codes, start=first):
            sheet.write_number(row, 0, code)
            sheet.write_string(row, 1, codes.glosa(code))
            for column, amount in enumerate((odoo, sii, odoo - sii), start=2):
                sheet.write_number(row, column, amount, formats["money"])

    @api.model
    def _write_documents(self, sheet, formats, told):
        for column, (name, width) in enumerate(zip(DOCUMENTS, (16, 10, 8, 14, 14, 40, 16, 16, 90), strict=True)):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, name, formats["bold"])
        sheet.freeze_panes(1, 0)
        for number, row in enumerate(told.rows, start=1):
            kind, side = reconciliation.KINDS[row.kind], reconciliation.SIDES.get(row.direction, "")
            for column, text in enumerate((kind, side, row.type, row.folio, row.rut, row.name)):
                sheet.write_string(number, column, text)
            for column, amount in ((6, row.odoo), (7, row.sii)):
                if amount is not None:
                    sheet.write_number(number, column, amount, formats["money"])
            sheet.write_string(number, 8, row.cause)
