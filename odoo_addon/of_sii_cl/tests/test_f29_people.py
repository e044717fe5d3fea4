import base64
import io

from odoo.tests import new_test_user, tagged
from openpyxl import load_workbook

from .common import PERIOD, F29Case


@tagged("post_install", "-at_install")
class TestF29People(F29Case):
    """The sheet that people open, the reminders they get, the names they read."""

    def test_sheet_holds_the_form_with_its_sections(self):
        self.post("sale", "33", [(1000000, "ITAX_19")])
        form = self.form(self.compute())
        action = form.action_download()
        self.assertEqual(action["url"], f"/web/content/of.sii.f29/{form.id}/file_xlsx/F29_2026-07.xlsx?download=true")
        book = load_workbook(io.BytesIO(base64.b64decode(form.file_xlsx)))
        rows = list(book.active.iter_rows(values_only=True))
        self.assertEqual(rows[0][:2], ("Formulario 29", "OFITEC & Cía. SpA"))
        self.assertEqual([row[:2] for row in rows[1:4]], [("RUT", "76123456-0"), ("Período", PERIOD), ("Versión", "1")])
        codes = {row[0]: row for row in rows if isinstance(row[0], int)}
        self.assertEqual(codes[502][2], 190000)
        self.assertIn("Facturas emitidas", codes[502][1])
        self.assertEqual(codes[115][2], 0.25)
        sections = [row[0] for row in rows[8:] if isinstance(row[0], str) and row[1] is None]
        self.assertEqual(sections[0], "Débitos y ventas: generan débito")
        self.assertEqual(sections[-1], "Total a pagar")
        order = [row[0] for row in rows if isinstance(row[0], int)]
        self.assertLess(order.index(503), order.index(502))
        self.assertEqual(form.to_xlsx(), form.to_xlsx())
        for kind in ("csv", "json", "xml"):
            self.assertEqual(base64.b64decode(form[f"file_{kind}"]).decode(), getattr(form, f"to_{kind}")())

    def test_headings_stand_once_over_their_section(self):
        self.post("sale", "33", [(1000000, "ITAX_19")])
        lines = self.form(self.compute()).line_ids.sorted("sequence")
        headings = [line.heading for line in lines if line.heading]
        self.assertEqual(len(headings), len(set(headings)))
        self.assertEqual(lines.filtered(lambda line: line.code == 503).heading, "Débitos y ventas: generan débito")

    def test_preparers_are_reminded_until_the_form_is_filed(self):
        values = {"company_id": self.company.id, "company_ids": [(6, 0, self.company.ids)]}
        preparer = new_test_user(self.env, "f29_reminded", groups="of_sii_cl.group_f29_prepare", **values)
        new_test_user(self.env, "f29_only_computes", groups="base.group_user,of_sii_cl.group_f29_compute", **values)
        form = self.form(self.compute())
        reminders = form.activity_ids
        self.assertIn(preparer, reminders.user_id)
        self.assertFalse(reminders.user_id.filtered(lambda user: user.login == "f29_only_computes"))
        self.assertEqual(set(reminders.mapped("date_deadline")), {form.due_date})
        self.compute()
        self.assertEqual(form.activity_ids, reminders)
        form.due_date = "2026-08-31"
        self.assertEqual({str(day) for day in form.activity_ids.mapped("date_deadline")}, {"2026-08-31"})
        self.approve(form)
        self.assertTrue(form.activity_ids)
        self.file(form)
        self.assertFalse(form.activity_ids)

    def test_reminders_come_back_when_the_filing_is_undone(self):
        form = self.file(self.form(self.compute()))
        form.action_undo()
        form.action_reopen()
        form.action_compute()
        self.assertTrue(form.activity_ids)

    def test_map_names_taxes_as_people_do(self):
        row = self.env["of.sii.f29.map"].search([("tax_code", "=", "ITAX_19"), ("code", "=", 502)], limit=1)
        label = row.with_company(self.company).tax_label
        self.assertEqual(label, self.tax("ITAX_19").name)
        untaxed = self.env["of.sii.f29.map"].search([("tax_code", "=", False), ("tax_id", "=", False)], limit=1)
        self.assertEqual(untaxed.tax_label, "Sin impuesto")
