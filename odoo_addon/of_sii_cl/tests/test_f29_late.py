from freezegun import freeze_time
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import PERIOD, F29Case

AUGUST = "2026-08"


@tagged("post_install", "-at_install")
class TestF29Late(F29Case):
    """What happens to a filed month afterwards is told, and a purchase is claimed exactly once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sale = cls.post("sale", "33", [(1000000, "ITAX_19")])
        cls.bill = cls.post("purchase", "33", [(300000, "OTAX_19")])
        cls.refund = cls.post("purchase", "61", [(10000, "OTAX_19")], refund=True)

    def july_filed(self):
        return self.file(self.form(self.compute()))

    def late_bill(self):
        """A bill of July that is posted in August, dated as Odoo proposes it."""
        return self.post("purchase", "33", [(1000000, "OTAX_19")], date="2026-07-28")

    def month(self, period, day):
        with freeze_time(f"{day} 15:00:00"):
            return self.compute(period=period)

    def late(self, form):
        self.env.invalidate_all()
        return [(row.kind, row.direction, row.move_id, row.claimed_in or None) for row in form.late_ids]

    def test_filing_locks_the_taxes_of_the_month_and_never_back(self):
        form = self.july_filed()
        self.assertEqual(str(self.company.tax_lock_date), "2026-07-31")
        self.assertIn("bloqueados hasta el 31-07-2026", form.message_ids[0].body)
        june = self.form(self.compute(period="2026-06"))
        self.file(june)
        self.assertEqual(str(self.company.tax_lock_date), "2026-07-31")
        self.assertIn("siguen bloqueados hasta el 31-07-2026", june.message_ids[0].body)

    def test_company_may_leave_its_taxes_open(self):
        self.company.of_sii_lock_taxes = False
        self.july_filed()
        self.assertFalse(self.company.tax_lock_date)

    def test_july_bill_posted_in_august_is_claimed_once_and_told(self):
        form = self.july_filed()
        bill = self.late_bill()
        self.assertEqual(f"{bill.date:%Y-%m}", AUGUST)
        self.assertEqual(self.late(form), [("posted", "purchase", bill, AUGUST)])
        august = self.month(AUGUST, "2026-09-10")
        september = self.month("2026-09", "2026-10-10")
        self.assertEqual((august["casillas"]["520"], september["casillas"].get("520")), (190000, None))
        told = [
            {
                "kind": "posted",
                "period": PERIOD,
                "direction": "purchase",
                "type": "33",
                "folio": str(int(bill.l10n_latam_document_number)),
                "iva": 190000,
                "claimed_in": AUGUST,
            }
        ]
        self.assertEqual((august["late"], september["late"]), (told, []))
        self.assertEqual(self.F29.read_period(self.company.id, PERIOD)["filed"]["late"], told)
        with freeze_time("2026-09-10 15:00:00"):
            self.file(self.form(august))
        self.assertEqual(self.late(form), [("posted", "purchase", bill, AUGUST)])
        self.assertNotIn("520", self.month("2026-09", "2026-10-10")["casillas"])

    def test_bill_that_fell_back_into_the_filed_month_is_declared_now(self):
        self.company.of_sii_lock_taxes = False
        form = self.july_filed()
        bill = self.late_bill()
        bill.with_context(skip_readonly_check=True).date = "2026-07-28"
        self.assertEqual(self.late(form), [("posted", "purchase", bill, None)])
        august = self.month(AUGUST, "2026-09-10")
        self.assertNotIn("520", august["casillas"])
        self.assertIn("late_documents", self.codes_of(august))
        self.assertEqual([row["claimed_in"] for row in august["late"]], [None])
        self.company.tax_lock_date = "2026-07-31"
        self.env.invalidate_all()
        with freeze_time("2026-09-10 15:00:00"):
            self.form(august).pending_late_ids.action_claim_now()
        self.assertEqual((str(bill.date), str(self.company.tax_lock_date)), ("2026-08-31", "2026-07-31"))
        august = self.month(AUGUST, "2026-09-10")
        self.assertEqual(
            (august["casillas"]["520"], self.month("2026-09", "2026-10-10")["casillas"].get("520")), (190000, None)
        )
        self.assertNotIn("late_documents", self.codes_of(august))
        self.assertEqual(self.late(form), [("posted", "purchase", bill, AUGUST)])
        self.assertIn("se declara en 2026-08", form.message_ids[0].body)

    def test_claimed_bill_keeps_its_payment_and_its_number(self):
        self.company.of_sii_lock_taxes = False
        form = self.july_filed()
        bill = self.late_bill()
        bill.with_context(skip_readonly_check=True).date = "2026-07-28"
        self.env["account.payment.register"].with_context(active_model="account.move", active_ids=bill.ids).create(
            {}
        )._create_payments()
        paid, number = bill.payment_state, bill.name
        self.assertNotEqual(paid, "not_paid")
        form.late_ids.action_claim_now()
        self.assertEqual((bill.payment_state, bill.name, bill.state), (paid, number, "posted"))
        self.assertEqual(f"{bill.date:%Y-%m}", AUGUST)

    def test_claim_needs_an_open_month(self):
        self.company.of_sii_lock_taxes = False
        form = self.july_filed()
        bill = self.late_bill()
        bill.with_context(skip_readonly_check=True).date = "2026-07-28"
        with freeze_time("2026-09-10 15:00:00"):
            august = self.form(self.compute(period=AUGUST))
            self.approve(august)
            with self.assertRaises(UserError) as caught:
                form.late_ids.action_claim_now()
        self.assertIn("2026-08", str(caught.exception))

    def test_backdated_sale_asks_for_a_rectification(self):
        form = self.july_filed()
        sale = self.post("sale", "33", [(500000, "ITAX_19")], date="2026-07-20")
        self.assertEqual(self.late(form), [("posted", "sale", sale, None)])
        with self.assertRaises(UserError):
            form.late_ids.action_claim_now()
        august = self.month(AUGUST, "2026-09-10")
        self.assertNotIn("502", august["casillas"])
        self.assertIn("late_documents", self.codes_of(august))
        version = self.F29.browse(form.late_ids.action_rectify()["res_id"])
        self.assertEqual(version._casillas()[502], 285000)
        self.file(version, folio="8123456790")
        self.assertEqual(version.late_ids, self.env["of.sii.f29.late"])
        self.assertEqual(self.month(AUGUST, "2026-09-10")["late"], [])
        self.assertNotIn("late_documents", self.codes_of(self.month(AUGUST, "2026-09-10")))

    def test_cancelled_reset_deleted_and_changed_documents_are_told(self):
        form = self.july_filed()
        self.company.tax_lock_date = False
        self.sale.button_draft()
        self.assertEqual(self.late(form), [("reset", "sale", self.sale, None)])
        self.sale.invoice_line_ids.price_unit = 900000
        self.sale.action_post()
        self.assertEqual(self.late(form), [("changed", "sale", self.sale, None)])
        self.bill.button_draft()
        self.bill.button_cancel()
        self.refund.button_draft()
        self.refund.with_context(force_delete=True).unlink()
        kinds = {(kind, direction) for kind, direction, *_rest in self.late(form)}
        self.assertEqual(kinds, {("changed", "sale"), ("cancelled", "purchase")})
        self.assertEqual(len(form.late_ids), 3)
        row = form.late_ids.filtered(lambda row: row.kind == "changed")
        self.assertEqual((row.sealed_iva, row.iva), (190000, 171000))

    def test_same_document_posted_again_is_no_news(self):
        form = self.july_filed()
        self.company.tax_lock_date = False
        self.sale.button_draft()
        self.sale.action_post()
        self.assertEqual(self.late(form), [])

    def test_change_behind_odoos_back_is_told(self):
        form = self.july_filed()
        self.env.flush_all()
        for statement, params in (
            (
                "UPDATE account_move_line SET balance = balance + 1 WHERE move_id = %s AND tax_line_id IS NOT NULL",
                [self.sale.id],
            ),
            (
                "UPDATE account_move SET commercial_partner_id = %s WHERE id = %s",
                [self.partners["treasury"].id, self.bill.id],
            ),
            ("UPDATE account_move SET date = '2026-08-02' WHERE id = %s", [self.refund.id]),
        ):
            self.env.cr.execute(statement, params)
        self.env.invalidate_all()
        self.assertEqual(
            {(kind, move) for kind, _side, move, _in in self.late(form)},
            {("changed", move) for move in (self.sale, self.bill, self.refund)},
        )
        self.assertNotIn("528", self.month(AUGUST, "2026-09-10")["casillas"])

    def test_bill_known_in_another_month_before_the_filing_is_no_news(self):
        bill = self.late_bill()
        bill.with_context(skip_readonly_check=True).date = "2026-08-03"
        form = self.july_filed()
        self.assertEqual(self.late(form), [])
        self.assertEqual(self.month(AUGUST, "2026-09-10")["casillas"]["520"], 190000)

    def test_company_that_never_filed_has_no_late_documents(self):
        self.compute()
        self.assertEqual(self.month(AUGUST, "2026-09-10")["late"], [])
