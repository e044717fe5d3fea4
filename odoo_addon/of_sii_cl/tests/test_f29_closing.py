from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .closing import ClosingCase
from .common import PERIOD


@tagged("post_install", "-at_install")
class TestF29Closing(ClosingCase):
    """The closing entry: draft at the approval, posted at the filing, paid by its payment."""

    def test_off_unless_switched_on(self):
        self.company.of_sii_closing_entry = False
        form = self.file(self.answered())
        self.assertEqual((form.status, len(form.closing_move_ids)), ("filed", 0))

    def test_switching_on_proposes_the_charts_accounts(self):
        rows = {row.purpose: row.account_id for row in self.company.of_sii_closing_account_ids}
        self.assertEqual(rows["payable"], self.account("210760"))
        self.assertTrue(all(rows.values()))
        self.assertEqual(self.company.of_sii_treasury_id.vat, "60805000-0")
        self.assertEqual(self.company.of_sii_closing_journal_id.type, "general")
        rows["ppm"] = self.account("210720")
        self.company.of_sii_closing_account_ids.filtered(lambda row: row.purpose == "ppm").account_id = rows["ppm"]
        self.company.of_sii_closing_entry = True
        kept = {row.purpose: row.account_id for row in self.company.of_sii_closing_account_ids}
        self.assertEqual(kept, rows)

    def test_draft_at_the_approval_posted_at_the_filing(self):
        form = self.approve(self.answered(_48=50000))
        entry = form.closing_move_id
        self.assertEqual((entry.state, str(entry.date), entry.ref), ("draft", "2026-07-31", f"F29 {PERIOD}"))
        expected = {
            "210710": 190000,
            "110710": -76000,
            "210730": 50000,
            "110740": 2500,
            "210760": -166500,
        }
        self.assertEqual(self.balances(entry), expected)
        self.assertEqual(self.payable(form).partner_id, self.company.of_sii_treasury_id)
        self.assertEqual(self.payable(form).date_maturity, form.due_date)
        self.assertTrue(all(line.name.startswith(f"{line.of_sii_f29_code} ") for line in entry.line_ids))
        self.file(form)
        self.assertEqual((form.closing_move_id, entry.state, str(entry.date)), (entry, "posted", "2026-07-31"))
        self.assertEqual(self.company.tax_lock_date.isoformat(), "2026-07-31")
        self.assertEqual(entry.ref, f"F29 {PERIOD}, folio 8123456789")
        self.assertEqual(self.balances(entry), expected)
        self.assertFalse(entry.line_ids.tax_line_id | entry.line_ids.tax_ids)

    def test_it_feeds_no_form(self):
        form = self.file(self.answered())
        self.assertEqual(form.closing_move_id.state, "posted")
        self.assertEqual(self.F29._try_month(self.company, PERIOD).values[538], 190000)
        version = self.F29.browse(form.action_rectify()["res_id"])
        self.assertEqual(version._casillas(), form._casillas())
        self.assertEqual(self.codes_of(version._as_data()), [])
        self.assertFalse(form.late_ids)

    def test_paid_by_itself_when_its_payable_is_reconciled_in_full(self):
        form = self.file(self.answered())
        self.pay(form, 100000)
        self.assertEqual(form.status, "filed")
        self.refused(form.action_undo, "conciliado")
        payment = self.pay(form, 16500)
        self.assertEqual((form.status, str(form.paid_on), form.paid_by_payment), ("paid", "2026-08-10", True))
        self.refused(form.action_undo, "conciliación")
        payment.line_ids.remove_move_reconcile()
        self.assertEqual((form.status, form.paid_on, form.paid_by_payment), ("filed", False, False))
        self.pay(form, 16500)
        self.assertEqual(form.status, "paid")

    def test_odoos_own_payment_settles_it(self):
        self.account("210760").account_type = "liability_payable"  # as 19.0 ships it; 16.0 has a current liability
        form = self.file(self.answered())
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move.line", active_ids=self.payable(form).ids
        )
        wizard.create({"payment_date": "2026-08-09"})._create_payments()
        self.assertEqual((form.status, str(form.paid_on)), ("paid", "2026-08-09"))

    def test_undoing_draws_it_back(self):
        form = self.file(self.answered())
        entry = form.closing_move_id
        form.action_undo()
        self.assertEqual((form.status, entry.state), ("approved", "draft"))
        form.action_reopen()
        self.assertEqual(entry.state, "cancel")
        self.assertFalse(form.closing_move_id)
        self.file(form)
        self.assertEqual(form.closing_move_id.state, "posted")
        self.assertNotEqual(form.closing_move_id, entry)

    def test_reopening_removes_a_draft(self):
        form = self.approve(self.answered())
        entry = form.closing_move_id
        form.action_reopen()
        self.assertFalse(entry.exists())
        self.approve(form).closing_move_id.action_post()
        self.refused(form.action_reopen, "borrador")

    def test_what_was_filed_otherwise_is_in_the_entry(self):
        form = self.approve(self.answered())
        entry = form.closing_move_id
        self.file(form, filed_total=116600, reason="Redondeo del SII")
        self.assertEqual((form.closing_move_id, entry.state), (entry, "posted"))
        self.assertEqual(self.balances(entry)["210760"], -116600)
        self.assertEqual(self.balances(entry)["420220"], 100)

    def test_a_draft_that_a_person_edited_is_posted_as_it_is(self):
        form = self.approve(self.answered())
        line = form.closing_move_id.line_ids.filtered(lambda line: line.of_sii_f29_code == 62)
        line.account_id = self.account("210720")
        self.file(form)
        self.assertEqual(self.balances(form.closing_move_id)["210720"], 2500)

    def test_an_extended_due_date_is_that_of_the_payable(self):
        form = self.approve(self.answered())
        form.due_date = "2026-08-31"
        self.file(form)
        self.assertEqual(str(self.payable(form).date_maturity), "2026-08-31")

    def test_a_draft_that_was_deleted_is_made_anew(self):
        form = self.approve(self.answered())
        form.closing_move_id.unlink()
        self.assertEqual(self.file(form).closing_move_id.state, "posted")

    def test_remanente_is_carried_with_its_readjustment(self):
        self.set_utm(m2026_07=43000, m2026_08=43198)
        self.post("purchase", "33", [(1000000, "OTAX_19")], date="2026-06-15")
        june = self.form(self.compute(period="2026-06"))
        june.input_ids = [(0, 0, {"code": 504, "amount": 0})]
        june.action_compute()
        self.file(june)
        self.assertEqual(self.balances(june.closing_move_id), {"110710": -190000, "110720": 190000})
        form = self.file(self.form(self.compute()))
        self.assertEqual(form._casillas()[504], 190935)
        self.assertEqual(
            self.balances(form.closing_move_id),
            {
                "210710": 190000,
                "110710": -76000,
                "110720": -190000 + 76935,
                "410200": -935,
                "110740": 2500,
                "210760": -2500,
            },
        )

    def test_common_use_clears_its_account_and_tells_what_gives_no_credit(self):
        self.company.of_sii_common_use_factor = 0.6
        self.post("purchase", "33", [(100000, "iva_compra_uso_comun")])
        form = self.approve(self.answered())
        self.assertEqual(form._casillas()[520], 76000 + 11400)
        sums = self.balances(form.closing_move_id)
        self.assertEqual((sums["110710"], sums["110730"], sums["420220"]), (-76000, -19000, 7600))

    def test_a_rectification_books_the_difference(self):
        form = self.file(self.answered())
        self.pay(form)
        self.assertEqual(form.status, "paid")
        self.company.tax_lock_date = False
        self.post("sale", "33", [(100000, "ITAX_19")])
        version = self.F29.browse(form.action_rectify()["res_id"])
        self.file(version)
        expected = {"210710": 19000, "110740": 250, "210760": -19250}
        self.assertEqual(self.balances(version.closing_move_id), expected)
        self.assertEqual(version.status, "filed")
        self.pay(version)
        self.assertEqual((version.status, form.status), ("paid", "paid"))

    def test_a_rectification_that_owes_less_is_settled_against_the_first(self):
        form = self.file(self.answered())
        self.company.tax_lock_date = False
        self.post("purchase", "33", [(100000, "OTAX_19")])
        version = self.file(self.F29.browse(form.action_rectify()["res_id"]))
        self.assertEqual(self.balances(version.closing_move_id), {"110710": -19000, "210760": 19000})
        (self.payable(form) | self.payable(version)).reconcile()
        self.assertEqual((form.status, version.status), ("filed", "filed"))
        self.pay(form, 97500)
        self.assertEqual((form.status, version.status), ("paid", "paid"))
        flow = self.F29.cash_flow(self.company.ids, PERIOD, PERIOD)
        self.assertEqual([(row["planned"], row["actual"]) for row in flow], [(0, 97500), (97500, 0)])

    def test_a_rectification_of_what_was_booked_by_hand_is_left_to_hands(self):
        self.company.of_sii_closing_entry = False
        form = self.file(self.answered())
        self.company.of_sii_closing_entry = True
        version = self.file(self.F29.browse(form.action_rectify()["res_id"]))
        self.assertFalse(version.closing_move_id)
        self.assertIn("a mano", "".join(version.message_ids.mapped("body")))

    def test_locked_periods(self):
        self.company.fiscalyear_lock_date = "2026-07-31"
        form = self.approve(self.answered())
        self.assertEqual((form.closing_move_id.state, str(form.closing_move_id.date)), ("draft", "2026-08-01"))
        self.file(form)
        self.assertEqual((form.closing_move_id.state, str(form.closing_move_id.date)), ("posted", "2026-08-01"))

    def test_fees_by_payment(self):
        self.company.of_sii_bhe_basis = "payment_date"
        fee = self.post("purchase", "71", [(200000, "I_IR2C_2026")], partner="professional", date="2026-06-20")
        wizard = self.env["account.payment.register"].with_context(active_model="account.move", active_ids=fee.ids)
        wizard.create({"payment_date": "2026-07-20"})._create_payments()
        form = self.approve(self.answered())
        self.assertEqual(form._casillas()[151], 30500)
        self.assertEqual(self.balances(form.closing_move_id)["210740"], 30500)

    def test_missing_settings_are_told(self):
        form = self.answered(_48=50000)
        row = self.company.of_sii_closing_account_ids.filtered(lambda row: row.purpose == "payroll")
        row.account_id = False
        self.refused(lambda: self.approve(form), "48", "F29 SII")
        self.assertEqual(form.status, "ready")
        row.account_id = self.account("210730")
        payable = self.company.of_sii_closing_account_ids.filtered(lambda row: row.purpose == "payable")
        payable.account_id = self.account("210720")
        self.refused(lambda: self.approve(form), "210720", "conciliación")
        payable.account_id = self.account("210760")
        self.company.of_sii_treasury_id = False
        self.refused(lambda: self.approve(form), "Tesorería")

    def test_a_month_without_figures_has_no_entry(self):
        form = self.form(self.compute(period="2026-05"))
        form.input_ids = [(0, 0, {"code": 504, "amount": 0})]
        form.action_compute()
        self.assertFalse(self.file(form).closing_move_ids)

    def test_which_entry_closes_a_form_is_not_written_by_hand(self):
        form = self.file(self.answered())
        accountant = new_test_user(
            self.env,
            "f29_closer",
            groups="account.group_account_invoice",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        moves = self.env["account.move"].with_user(accountant)
        for attempt in (
            lambda: moves.create({"move_type": "entry", "of_sii_f29_id": form.id}),
            lambda: moves.with_context(default_of_sii_f29_id=form.id).create({"move_type": "entry"}),
            lambda: form.closing_move_id.with_user(accountant).write({"of_sii_f29_id": False}),
        ):
            with self.assertRaises(AccessError), self.cr.savepoint():
                attempt()
