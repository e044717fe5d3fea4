from odoo.tests import tagged

from .common import PERIOD, F29Case


@tagged("post_install", "-at_install")
class TestF29Seal(F29Case):
    """A filed form says for ever what it said, whatever happens to its entries."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.of_sii_common_use_factor = 0.6
        cls.sale = cls.post("sale", "33", [(1000000, "ITAX_19"), (50000,)])
        cls.post("sale", "61", [(100000, "ITAX_19")], refund=True)
        cls.bill = cls.post("purchase", "33", [(300000, "OTAX_19"), (1003, "iva_compra_uso_comun")])
        cls.post("purchase", "33", [(333, "iva_compra_uso_comun")])
        cls.fee = cls.post("purchase", "71", [(200000, "I_IR2C_2026")], partner="professional")

    def filed(self):
        form = self.form(self.compute())
        form.input_ids = [(0, 0, {"code": 502, "amount": 1000, "note": "Ajuste"})]
        form.action_compute()
        return self.file(form)

    def disturb(self):
        self.company.tax_lock_date = False
        (self.sale | self.bill).button_draft()
        self.bill.button_cancel()
        self.company.name = "Otro nombre"
        self.env.invalidate_all()

    def test_documents_stay_as_filed(self):
        before = self.F29.documents(self.company.id, PERIOD)
        self.assertEqual(len(before), 5)
        self.filed()
        self.assertEqual(self.F29.documents(self.company.id, PERIOD), before)
        self.disturb()
        self.assertEqual(self.F29.documents(self.company.id, PERIOD), before)

    def test_drill_down_of_every_code_adds_up_after_a_change(self):
        form = self.filed()
        self.disturb()
        checked = 0
        for line in form.line_ids.filtered(lambda line: line.source in ("ledger", "carry", "input")):
            action = line.action_open_items()
            self.assertEqual(action["res_model"], "of.sii.f29.document.code")
            rows = self.env[action["res_model"]].search(action["domain"])
            self.assertEqual(round(sum(rows.mapped("amount"))), line.amount, line.code)
            checked += 1
        self.assertGreater(checked, 8)
        manual = form.line_ids.filtered(lambda line: line.code == 502).action_open_items()["domain"]
        self.assertIn("Ajuste", self.env["of.sii.f29.document.code"].search(manual).mapped("label"))

    def test_exports_stay_as_filed(self):
        form = self.filed()
        before = [form.to_csv(), form.to_json(), form.to_xml(), form.to_xlsx()]
        self.disturb()
        self.assertEqual([form.to_csv(), form.to_json(), form.to_xml(), form.to_xlsx()], before)

    def test_fees_declared_by_payment_are_kept(self):
        self.company.of_sii_bhe_basis = "payment_date"
        self.env["account.payment.register"].with_context(active_model="account.move", active_ids=self.fee.ids).create(
            {"payment_date": f"{PERIOD}-20"}
        )._create_payments()
        form = self.filed()
        line = form.line_ids.filtered(lambda line: line.code == 151)
        self.assertEqual(line.amount, 30500)
        rows = self.env["of.sii.f29.document.code"].search(line.action_open_items()["domain"])
        self.assertEqual((rows.move_id, sum(rows.mapped("amount"))), (self.fee, 30500))
        self.assertEqual(len(self.F29.documents(self.company.id, PERIOD)), 5)

    def test_sealed_document_is_counted_in_no_other_month(self):
        self.filed()
        self.env.flush_all()
        self.env.cr.execute("UPDATE account_move SET date = '2026-06-15' WHERE id = %s", [self.bill.id])
        self.env.cr.execute("UPDATE account_move SET invoice_date = '2026-06-15' WHERE id = %s", [self.sale.id])
        self.env.invalidate_all()
        june = self.compute(period="2026-06")["casillas"]
        self.assertEqual((june.get("520"), june.get("502")), (None, None))
        self.assertEqual(self.F29.documents(self.company.id, "2026-06"), [])

    def test_rectification_without_a_document_frees_it(self):
        form = self.filed()
        self.company.tax_lock_date = False
        self.bill.with_context(skip_readonly_check=True).date = "2026-06-20"
        self.assertNotIn("520", self.compute(period="2026-06")["casillas"])
        version = self.F29.browse(form.action_rectify()["res_id"])
        self.assertNotIn("519", {str(code) for code, amount in version._casillas().items() if amount > 1})
        self.file(version, folio="8123456790")
        self.assertGreater(self.compute(period="2026-06")["casillas"]["520"], 57000)

    def test_reopening_forgets_the_documents(self):
        form = self.form(self.compute())
        self.approve(form)
        self.assertEqual(len(form.document_ids), 5)
        form.action_reopen()
        self.assertFalse(form.document_ids)

    def test_documents_posted_between_approval_and_filing_are_late(self):
        form = self.form(self.compute())
        self.approve(form)
        bill = self.post("purchase", "33", [(1000, "OTAX_19")])
        bill.with_context(skip_readonly_check=True).date = f"{PERIOD}-30"
        self.file(form)
        self.assertEqual(form.late_ids.move_id, bill)
