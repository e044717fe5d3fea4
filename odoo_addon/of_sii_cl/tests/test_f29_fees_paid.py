from odoo.tests import tagged

from .common import F29Case


@tagged("post_install", "-at_install")
class TestF29FeesPaid(F29Case):
    """Fee withholdings declared in the month of the payment."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.of_sii_bhe_basis = "payment_date"
        cls.bank = cls.env["account.journal"].search(
            [("company_id", "=", cls.company.id), ("type", "=", "bank")], limit=1
        )

    def fee(self, net, date):
        return self.post("purchase", "71", [(net, "I_IR2C_2026")], partner="professional", date=date)

    def pay(self, fee, amount, date):
        """Pay part of a fee receipt as a bank entry reconciled with its payable."""
        payable = fee.line_ids.filtered(lambda item: item.display_type == "payment_term")
        accounts = self.env["account.account"].with_company(self.company)
        other = accounts.search([("account_type", "=", "asset_current")], limit=1)
        entry = self.env["account.move"].create(
            {
                "journal_id": self.bank.id,
                "date": date,
                "line_ids": [
                    (0, 0, {"account_id": payable.account_id.id, "partner_id": fee.partner_id.id, "debit": amount}),
                    (0, 0, {"account_id": other.id, "credit": amount}),
                ],
            }
        )
        entry.action_post()
        (payable | entry.line_ids.filtered("debit")).reconcile()
        return entry

    def fees(self, period):
        return self.casillas(period=period).get("151", 0)

    def test_withheld_in_the_month_of_the_payment(self):
        fee = self.fee(200000, "2026-05-20")  # withheld 30500, to pay 169500
        self.pay(fee, 169500, "2026-07-03")
        self.assertEqual([self.fees(f"2026-0{month}") for month in (5, 6, 7)], [0, 0, 30500])

    def test_paid_in_parts_adds_up_to_the_withholding(self):
        fee = self.fee(200000, "2026-05-20")
        self.pay(fee, 50000, "2026-05-30")
        self.pay(fee, 60000, "2026-06-30")
        self.pay(fee, 59500, "2026-07-30")
        parts = [self.fees(f"2026-0{month}") for month in (5, 6, 7)]
        self.assertEqual(parts, [8997, 10797, 10706])
        self.assertEqual(sum(parts), 30500)

    def test_reversal_is_no_payment(self):
        fee = self.fee(200000, "2026-07-01")
        credit_note = self.env.ref("l10n_cl.dc_nc_f_dte")
        vals = {"l10n_latam_document_type_id": credit_note.id, "l10n_latam_document_number": "1"}
        fee._reverse_moves([{"date": "2026-07-10", "invoice_date": "2026-07-10", **vals}], cancel=True)
        self.assertIn(fee.payment_state, ("paid", "reversed"))
        self.assertEqual(self.fees("2026-07"), 0)

    def test_drill_down_shows_what_each_payment_declares(self):
        fee = self.fee(200000, "2026-05-20")
        self.pay(fee, 100000, "2026-07-03")
        form = self.form(self.compute())
        line = form.line_ids.filtered(lambda line: line.code == 151)
        action = line.action_open_items()
        parts = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual((parts.move_id, parts.amount), (fee, line.amount))
