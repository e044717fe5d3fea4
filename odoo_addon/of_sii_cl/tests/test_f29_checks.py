from unittest.mock import patch

from odoo.tests import tagged

from .common import PERIOD, F29Case


@tagged("post_install", "-at_install")
class TestF29Checks(F29Case):
    """What is legal or not in the documents of the month, told with the documents; and what stops an approval."""

    def warned(self, result, code):
        found = [warning for warning in result["warnings"] if warning["code"] == code]
        self.assertEqual(len(found), 1, result["warnings"])
        return found[0]

    def assertWarned(self, result, code, *words):
        for word in words:
            self.assertIn(word, self.warned(result, code)["message"])

    def assertSilent(self, result, code):
        self.assertNotIn(code, self.codes_of(result))

    def folio(self, move):
        return str(int(move.l10n_latam_document_number))

    def refund(self, invoice, date):
        return self.post("sale", "61", [(1000, "ITAX_19")], refund=True, date=date, reversed_entry_id=invoice.id)

    def test_credit_note_more_than_three_months_after_its_invoice(self):
        old = self.post("sale", "33", [(1000, "ITAX_19")], date="2026-04-14")
        recent = self.post("sale", "33", [(1000, "ITAX_19")], date="2026-04-15")
        late, in_time = self.refund(old, "2026-07-15"), self.refund(recent, "2026-07-15")
        result = self.compute()
        self.assertWarned(result, "late_credit_note", f"61 N° {self.folio(late)}", "tres meses", "510")
        self.assertNotIn(f"N° {self.folio(in_time)} ", self.warned(result, "late_credit_note")["message"])
        self.assertFalse(self.warned(result, "late_credit_note")["blocks"])

    def test_figure_changes_with_the_documents_and_the_key_does_not(self):
        old = self.post("sale", "33", [(1000, "ITAX_19")], date="2026-01-10")
        self.refund(old, "2026-07-15")
        first = self.warned(self.compute(), "late_credit_note")
        self.assertEqual(self.warned(self.compute(), "late_credit_note"), first)
        self.refund(old, "2026-07-16")
        second = self.warned(self.compute(), "late_credit_note")
        self.assertEqual(first["key"], second["key"])
        self.assertNotEqual(first["figure"], second["figure"])

    def test_purchase_older_than_two_months(self):
        old = self.post("purchase", "33", [(1000, "OTAX_19")], invoice_date="2026-04-30")
        self.post("purchase", "33", [(1000, "OTAX_19")], invoice_date="2026-05-01")
        self.post("purchase", "33", [(1000, "iva_compra_no_recup")], invoice_date="2026-03-01")
        self.post("purchase", "34", [(1000,)], invoice_date="2026-03-01")
        result = self.compute()
        self.assertWarned(result, "old_purchase", "1 documento", f"33 N° {self.folio(old)}", "30-04-2026")

    def test_documents_are_looked_at_in_the_month_that_the_sii_gives_to_them(self):
        bill = self.post("purchase", "33", [(1000, "OTAX_19")], invoice_date="2026-04-10", date="2026-04-10")
        bill.of_sii_period = PERIOD
        self.draft("purchase", "33", [(1000, "OTAX_19")], date="2026-06-20").of_sii_period = PERIOD
        self.assertWarned(self.compute(), "old_purchase", f"33 N° {self.folio(bill)}")
        self.assertWarned(self.compute(), "draft_documents", "1 documento")
        june = self.codes_of(self.compute(period="2026-06"))
        self.assertFalse({"old_purchase", "draft_documents"} & set(june))

    def test_honorarios_at_the_rate_of_another_year(self):
        wrong = self.post("purchase", "71", [(100000, "I_IR2C_2025")], partner="professional")
        self.post("purchase", "71", [(100000, "I_IR2C_2026")], partner="professional")
        self.post("purchase", "71", [(100000, "I_IR2C_2025")], partner="professional", invoice_date="2025-12-20")
        result = self.compute()
        self.assertWarned(result, "fee_rate", "1 documento", f"71 N° {self.folio(wrong)}", "15,25 %")

    def test_change_of_basis_that_declares_a_receipt_twice(self):
        fee = self.post("purchase", "71", [(200000, "I_IR2C_2026")], partner="professional", date="2026-06-10")
        self.compute(period="2026-06")
        self.company.of_sii_bhe_basis = "payment_date"
        self.pay(fee, 169500, "2026-07-03")
        result = self.compute()
        self.assertEqual(result["casillas"]["151"], 30500)
        self.assertWarned(result, "fee_twice", f"71 N° {self.folio(fee)}", "2026-06")

    def test_receipts_by_payment_all_along_are_not_declared_twice(self):
        self.company.of_sii_bhe_basis = "payment_date"
        fee = self.post("purchase", "71", [(200000, "I_IR2C_2026")], partner="professional", date="2026-06-10")
        self.compute(period="2026-06")
        self.pay(fee, 169500, "2026-07-03")
        self.assertSilent(self.compute(), "fee_twice")

    def pay(self, fee, amount, date):
        payable = fee.line_ids.filtered(lambda item: item.display_type == "payment_term")
        accounts = self.env["account.account"].with_company(self.company)
        other = accounts.search([("account_type", "=", "asset_current")], limit=1)
        bank = self.env["account.journal"].search(
            [("company_id", "=", self.company.id), ("type", "=", "bank")], limit=1
        )
        lines = [
            (0, 0, {"account_id": payable.account_id.id, "partner_id": fee.partner_id.id, "debit": amount}),
            (0, 0, {"account_id": other.id, "credit": amount}),
        ]
        entry = self.env["account.move"].create({"journal_id": bank.id, "date": date, "line_ids": lines})
        entry.action_post()
        (payable | entry.line_ids.filtered("debit")).reconcile()

    def bill_without_type(self, partner, *taxes):
        bills = self.env["account.journal"].search(
            [("company_id", "=", self.company.id), ("type", "=", "purchase")], limit=1
        )
        journal = self.env["account.journal"].search([("code", "=", "SD"), ("company_id", "=", self.company.id)])
        journal = journal or self.env["account.journal"].create(
            {
                "default_account_id": bills.default_account_id.id,
                "name": "Sin documentos",
                "code": "SD",
                "type": "purchase",
                "company_id": self.company.id,
                "l10n_latam_use_documents": False,
            }
        )
        move = self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "journal_id": journal.id,
                "partner_id": self.partners[partner].id,
                "invoice_date": f"{PERIOD}-10",
                "date": f"{PERIOD}-10",
                "invoice_line_ids": [(0, 0, self.line(self.company, 100000, *taxes))],
            }
        )
        move.action_post()
        return move

    def test_foreign_bill_is_listed_apart_without_advice_to_give_it_a_type(self):
        bill = self.bill_without_type("foreign")
        result = self.compute()
        self.assertSilent(result, "missing_doc_type")
        self.assertWarned(result, "foreign_documents", bill.name, "$100.000", "1 documento")
        self.assertNotIn("asigne el tipo", self.warned(result, "foreign_documents")["message"])
        self.assertFalse(self.warned(result, "foreign_documents")["blocks"])

    def test_other_documents_without_type_are_listed_and_block(self):
        self.bill_without_type("foreign")
        iva = self.bill_without_type("foreign", "OTAX_19")  # IVA needs a document of Chile
        domestic = self.bill_without_type("supplier", "OTAX_19")
        warning = self.warned(self.compute(), "missing_doc_type")
        for word in ("2 documentos", "$238.000", iva.name, domestic.name):
            self.assertIn(word, warning["message"])
        self.assertTrue(warning["blocks"])

    def test_unmapped_iva_blocks(self):
        tax = self.env["account.tax"].create(
            {
                "name": "IVA especial",
                "company_id": self.company.id,
                "amount_type": "percent",
                "amount": 10,
                "type_tax_use": "sale",
                "l10n_cl_sii_code": 14,
                "tax_group_id": self.tax("ITAX_19").tax_group_id.id,
                "country_id": self.env.ref("base.cl").id,
            }
        )
        self.post("sale", "33", [(50000, tax)])
        warning = self.warned(self.compute(), "unmapped_tax")
        self.assertEqual((warning["key"], warning["blocks"]), ("unmapped_tax/IVA especial", True))
        self.assertIn("5.000", warning["figure"])

    def test_every_warning_has_its_key_figure_and_whether_it_blocks(self):
        self.draft("sale", "33", [(1000, "ITAX_19")])
        self.post("sale", "110", [(100000, "ITAX_19")], partner="foreign")
        self.company.of_sii_ppm_rate = 0
        self.post("sale", "34", [(100000,)])
        warnings = self.compute()["warnings"]
        self.assertGreater(len(warnings), 2)
        for warning in warnings:
            self.assertTrue(warning["key"].startswith(warning["code"]))
            self.assertIsInstance(warning["figure"], str)
            self.assertIs(warning["blocks"], False)

    def test_broken_identity_blocks(self):
        self.post("sale", "33", [(1000000, "ITAX_19")])
        form = self.form(self.compute())
        real = type(form)._casillas
        with patch.object(type(form), "_casillas", lambda form: real(form) | {538: 190001}):
            warning = self.warned(self.compute(), "broken_identity")
        self.assertTrue(warning["blocks"])
        for word in ("538", "$190.001", "$190.000"):
            self.assertIn(word, warning["message"])
        self.assertSilent(self.compute(), "broken_identity")

    def test_negative_manual_code_does_not_advise_credit_notes(self):
        form = self.form(self.compute())
        form.input_ids = [(0, 0, {"code": 48, "amount": -5000})]
        result = self.compute()
        self.assertWarned(result, "negative_amount", "48", "-$5.000", "a mano")
        self.assertNotIn("notas de crédito", self.warned(result, "negative_amount")["message"])
