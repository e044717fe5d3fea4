from freezegun import freeze_time
from odoo.tests import tagged

from ..models import f29_touched
from .common import F29Case


@tagged("post_install", "-at_install")
class TestF29Touched(F29Case):
    """PostgreSQL notes what may be news for a closed month: all of it, and not every payment."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.of_sii_lock_taxes = False
        cls.sale = cls.post("sale", "33", [(1000000, "ITAX_19")])
        cls.bill = cls.post("purchase", "33", [(300000, "OTAX_19")])
        cls.other_month = cls.post("purchase", "33", [(200000, "OTAX_19")], date="2026-06-15")

    def touched(self):
        self.env.flush_all()
        self.env.cr.execute("SELECT move_id FROM of_sii_f29_touched")
        return {move_id for (move_id,) in self.env.cr.fetchall()}

    def july_filed(self):
        return self.file(self.form(self.compute()))

    def told(self, form):
        self.env.invalidate_all()
        return [(row.kind, row.move_id) for row in form.late_ids]

    def sql(self, statement, *params):
        self.env.flush_all()
        self.env.cr.execute(statement, params)
        self.env.invalidate_all()

    def test_a_payment_is_no_news_and_is_not_noted(self):
        form = self.july_filed()
        self.env["account.payment.register"].with_context(active_model="account.move", active_ids=self.sale.ids).create(
            {}
        )._create_payments()
        self.assertNotEqual(self.sale.payment_state, "not_paid")
        self.assertNotIn(self.sale.id, self.touched())
        self.assertEqual(self.told(form), [])

    def test_documents_of_open_months_are_not_noted(self):
        form = self.july_filed()
        self.other_month.button_draft()
        self.other_month.action_post()
        self.assertNotIn(self.other_month.id, self.touched())
        self.assertEqual(self.told(form), [])

    def test_taxes_and_items_changed_behind_odoos_back_are_noted(self):
        form = self.july_filed()
        net = self.sale.invoice_line_ids
        self.sql("DELETE FROM account_move_line_account_tax_rel WHERE account_move_line_id = %s", net.id)
        self.sql("DELETE FROM account_move_line WHERE move_id = %s AND tax_line_id IS NOT NULL", self.bill.id)
        self.assertEqual(self.touched(), {self.sale.id, self.bill.id})
        self.assertEqual(set(self.told(form)), {("changed", self.sale), ("changed", self.bill)})

    def test_what_is_posted_between_approval_and_filing_is_told(self):
        form = self.approve(self.form(self.compute()))
        between = self.post("sale", "33", [(70000, "ITAX_19")])
        self.file(form)
        self.assertEqual(self.told(form), [("posted", between)])

    def test_what_the_notes_missed_is_found_when_the_form_is_filed(self):
        form = self.approve(self.form(self.compute()))
        between = self.post("sale", "33", [(70000, "ITAX_19")])
        self.sql("DELETE FROM of_sii_f29_touched")
        self.file(form)
        self.assertEqual(self.told(form), [("posted", between)])

    def test_month_filed_before_there_were_notes(self):
        form = self.july_filed()
        f29_touched.uninstall(self.env.cr)
        self.sql("UPDATE account_move SET date = '2026-08-02' WHERE id = %s", self.bill.id)
        sale = self.post("sale", "33", [(70000, "ITAX_19")])
        self.env["of.sii.f29.late"].init()
        self.assertEqual(set(self.told(form)), {("changed", self.bill), ("posted", sale)})
        with freeze_time("2026-09-10 15:00:00"):
            self.assertEqual(len(self.compute(period="2026-08")["late"]), 2)

    def test_nothing_is_left_on_the_entries_when_the_addon_goes(self):
        self.july_filed()
        f29_touched.uninstall(self.env.cr)
        self.env.cr.execute("SELECT tgname FROM pg_trigger WHERE tgname LIKE 'of_sii%'")
        self.assertEqual(self.env.cr.fetchall(), [])
        self.sale.button_draft()
        self.sale.action_post()
        self.assertEqual(self.sale.state, "posted")
