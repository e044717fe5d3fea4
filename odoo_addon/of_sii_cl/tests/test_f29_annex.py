import io
import zipfile

from lxml import etree, html
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import PERIOD
from .test_worked_example import EXPECTED, WorkedCase

CELLS = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


@tagged("post_install", "-at_install")
class TestF29Annex(WorkedCase):
    """Books of sales, purchases and fees that say what the form says, as Excel and as PDF."""

    def sheets(self, content):
        """Sheet name -> its rows, as texts by column number, read without the library that wrote them."""
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            shared = etree.fromstring(book.read("xl/sharedStrings.xml"))
            strings = ["".join(one.itertext()) for one in shared.findall("x:si", CELLS)]
            named = etree.fromstring(book.read("xl/workbook.xml")).findall(".//x:sheet", CELLS)
            result = {}
            for number, sheet in enumerate(named, start=1):
                rows = []
                for row in etree.fromstring(book.read(f"xl/worksheets/sheet{number}.xml")).findall(".//x:row", CELLS):
                    cells = {}
                    for cell in row.findall("x:c", CELLS):
                        value = cell.findtext("x:v", namespaces=CELLS)
                        if value is not None:
                            text = strings[int(value)] if cell.get("t") == "s" else value
                            cells[cell.get("r").rstrip("0123456789")] = text
                    rows.append(cells)
                result[sheet.get("name")] = rows
            return result

    def test_totals_by_type_are_the_forms_codigos(self):
        form = self.form(self.compute())
        books = {book.key: {total.type: total for total in book.types()} for book in form._annex()["books"]}
        sales, purchases, fees = books["sales"], books["purchases"], books["fees"]
        figures = form._casillas()
        self.assertEqual((sales["33"].iva, sales["33"].documents), (figures[502], figures[503]))
        self.assertEqual((sales["39"].iva, sales["39"].documents), (figures[111], figures[110]))
        self.assertEqual((sales["56"].iva, sales["56"].documents), (figures[513], figures[512]))
        self.assertEqual((sales["61"].iva, sales["61"].documents), (figures[510], figures[509]))
        self.assertEqual((sales["34"].exempt, sales["34"].documents), (figures[142], figures[586]))
        self.assertEqual(purchases["33"].credit, figures[520] + figures[525])
        self.assertEqual(purchases["33"].iva - purchases["33"].credit, figures[514])
        self.assertEqual((purchases["61"].credit, purchases["61"].documents), (figures[528], figures[527]))
        self.assertEqual((purchases["914"].credit, purchases["914"].documents), (figures[535], figures[534]))
        self.assertEqual((purchases["34"].exempt, purchases["34"].documents), (figures[562], figures[584]))
        self.assertEqual((fees["71"].withheld, fees["71"].net, fees["71"].total), (figures[151], 200000, 171000))

    def test_the_parts_of_each_codigo_give_the_form(self):
        form = self.form(self.compute())
        form.input_ids = [(0, 0, {"code": 48, "amount": 50000, "note": "Planilla"}), (0, 0, {"code": 504, "amount": 7})]
        form.action_compute()
        for _round in ("open", "closed"):
            sums = {}
            for part in form._annex()["parts"]:
                sums[part.code] = sums.get(part.code, 0) + part.amount
            fed = {code: amount for code, amount in EXPECTED.items() if code in sums}
            self.assertEqual({code: sums[code] for code in fed}, fed)
            self.assertEqual((sums[48], sums[504]), (50000, 7))
            self.assertGreaterEqual(set(sums), {502, 503, 111, 520, 525, 528, 535, 151, 563, 511, 514, 521, 562})
            self.approve(form) if form.status == "ready" else None

    def test_the_excel_book(self):
        form = self.form(self.compute())
        sheets = self.sheets(form.to_annex())
        self.assertEqual(
            list(sheets), [f"F29 {PERIOD}", "Libro de ventas", "Libro de compras", "Honorarios", "Por código"]
        )
        for rows in sheets.values():
            self.assertIn("no es un formulario oficial", rows[6]["A"])
        lines = {row["B"]: (row.get("A"), row["D"]) for row in sheets[f"F29 {PERIOD}"][8:] if "B" in row and "D" in row}
        self.assertEqual(lines["502"], ("7", "228000"))
        self.assertEqual(lines["91"], ("141", "32775"))
        self.assertEqual(lines["115"][1], "0.25")
        sales = [row for row in sheets["Libro de ventas"] if row.get("J", "").startswith("502")]
        self.assertEqual(sorted(row["H"] for row in sales), ["190000", "38000"])
        said = [row["F"] for row in sheets["Por código"] if row.get("D") == "En el formulario, código 563"]
        self.assertEqual(said, ["1510003"])
        self.assertEqual(form.to_annex(), form.to_annex())
        action = form.with_context(f29_format="annex").action_download()
        self.assertTrue(action["url"].endswith(f"/file_annex/F29_{PERIOD}_anexos.xlsx?download=true"))
        self.assertTrue(form.file_annex)

    def test_a_filed_form_keeps_its_annexes(self):
        form = self.file(self.form(self.compute()))
        before = form.to_annex()
        self.assertEqual(form._annex()["parts"], self.form(self.compute_open())._annex()["parts"])
        self.company.tax_lock_date = False
        self.post("sale", "33", [(5000, "ITAX_19")])
        self.env["account.move"].search([("company_id", "=", self.company.id)]).button_draft()
        self.assertEqual(form.to_annex(), before)

    def compute_open(self):
        """A rectification of the filed form, open: read from the entries."""
        form = self.F29.search([("company_id", "=", self.company.id), ("period", "=", PERIOD)])
        return {"id": form.action_rectify()["res_id"]}

    def test_fees_by_payment(self):
        self.company.of_sii_bhe_basis = "payment_date"
        fee = self.post("purchase", "71", [(100000, "I_IR2C_2026")], partner="professional", date="2026-06-20")
        wizard = self.env["account.payment.register"].with_context(active_model="account.move", active_ids=fee.ids)
        wizard.create({"payment_date": "2026-07-20"})._create_payments()
        form = self.form(self.compute())
        for _round in ("open", "closed"):
            fees = form._annex()["books"][2]
            self.assertEqual([(row.withheld, row.total) for row in fees.documents], [(15250, 84750)])
            self.assertEqual(form._casillas()[151], 15250)
            self.approve(form) if form.status == "ready" else None

    def test_the_pdf_says_that_it_is_not_official(self):
        form = self.file(self.form(self.compute()))
        report = self.env["ir.actions.report"]
        content, kind = report._render_qweb_html("of_sii_cl.f29_annex", form.ids)
        self.assertEqual(kind, "html")
        text = " ".join(html.fromstring(content).text_content().split())
        for word in (
            "no es un formulario oficial",
            "Folio SII: 8123456789",
            "Libro de ventas",
            "Libro de compras",
            "Honorarios",
            "Débitos y ventas: generan débito",
            "$228.000",
            "$32.775",
            "502, 503, 563",
        ):
            self.assertIn(word, text)
        self.assertEqual(form._annex_pages()["books"][0].types()[0].iva, 228000)
        wizard = self.env["of.sii.f29.export.wizard"].create({"f29_id": form.id})
        self.assertEqual(wizard.action_print_annex()["report_name"], "of_sii_cl.f29_annex")

    def test_not_before_it_is_computed(self):
        with self.assertRaises(UserError):
            self.F29.create({"company_id": self.company.id, "period": PERIOD}).to_annex()
