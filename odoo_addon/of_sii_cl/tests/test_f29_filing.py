from freezegun import freeze_time
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import PERIOD, TODAY, F29Case


@tagged("post_install", "-at_install")
class TestF29Filing(F29Case):
    """Approval shows what changed and needs answers; filing asks for what was filed; both undone the same day only."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.post("sale", "33", [(1000000, "ITAX_19")])

    def refused(self, action, *words):
        with self.assertRaises(UserError) as caught, self.cr.savepoint():
            action()
        for word in words:
            self.assertIn(word, str(caught.exception))

    def answered(self):
        form = self.form(self.compute())
        form.input_ids = [(0, 0, {"code": 504, "amount": 0})]
        form.action_compute()
        return form

    def test_approval_shows_what_changed_since_the_computation_and_asks_again(self):
        form = self.answered()
        form.input_ids = [(0, 0, {"code": 48, "amount": 1200000})]
        action = form.action_approve()
        self.assertEqual(action["res_model"], "of.sii.f29.approve.wizard")
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        self.assertIn("Código 48: $0 → $1.200.000", wizard.changes)
        self.assertIn("Código 91: $192.500 → $1.392.500", wizard.changes)
        self.assertEqual((form.status, form.total_to_pay), ("ready", 1392500))
        form.input_ids.filtered(lambda manual: manual.code == 48).amount = 1300000
        again = wizard.action_approve()
        self.assertEqual(form.status, "ready")
        self.env[again["res_model"]].browse(again["res_id"]).action_approve()
        self.assertEqual((form.status, form.total_to_pay), ("approved", 1492500))

    def test_unchanged_figures_are_approved_at_once(self):
        form = self.answered()
        self.assertIs(form.action_approve(), True)
        self.assertEqual(form.status, "approved")

    def test_questions_are_answered_before_approval(self):
        form = self.form(self.compute())
        self.refused(form.action_approve, "504")

    def test_warning_is_acknowledged_with_a_reason_and_then_quiet_while_unchanged(self):
        form = self.answered()
        draft = self.draft("sale", "33", [(1000, "ITAX_19")])
        form.action_compute()
        self.refused(form.action_approve, "borrador")
        warning = form.warning_ids
        self.assertTrue(form.has_warnings)
        warning.action_acknowledge("La emite el cliente en agosto")
        self.assertEqual((warning.acknowledged, warning.acknowledged_by_id), (True, self.env.user))
        self.assertFalse(form.has_warnings)
        result = self.compute()
        self.assertEqual([row["acknowledged"] for row in result["warnings"]], [True])
        self.assertEqual(form.warning_ids, warning)
        self.draft("sale", "33", [(2000, "ITAX_19")])
        result = self.compute()
        self.assertEqual([row["acknowledged"] for row in result["warnings"]], [False])
        self.assertTrue(form.has_warnings)
        warning.action_acknowledge("Las dos")
        form.action_approve()
        self.assertEqual(form.status, "approved")
        draft.unlink()

    def test_warning_that_appears_with_the_approval_is_shown_before_it_is_refused(self):
        form = self.answered()
        self.draft("sale", "33", [(1000, "ITAX_19")])
        action = form.action_approve()
        self.assertIn("borrador", self.env[action["res_model"]].browse(action["res_id"]).changes)
        self.assertEqual(form.status, "ready")

    def test_blocking_warning_has_no_excuse(self):
        form = self.answered()
        tax = self.tax("ITAX_19").copy({"name": "IVA especial", "amount": 5, "type_tax_use": "sale"})
        self.post("sale", "33", [(1000, tax)])
        form.action_compute()
        warning = form.warning_ids.filtered("blocks")
        self.assertIn("IVA especial", warning.message)
        self.refused(lambda: warning.action_acknowledge("Da igual"), "IVA especial")
        self.refused(form.action_approve, "IVA especial")

    def test_filing_asks_for_folio_date_and_figures(self):
        form = self.approve(self.answered())
        self.refused(form.action_file, "folio", "fecha")
        self.refused(lambda: form.action_file("12A", "2026-08-05"), "12A")
        self.refused(lambda: form.action_file("1", "2026-07-31"), "01-08-2026")
        self.refused(lambda: form.action_file("1", "2026-08-11"), "10-08-2026")
        self.refused(lambda: form.action_file("1", "2026-08-05", filed_total=5), "91", "$192.500", "$5", "motivo")
        self.refused(lambda: form.action_file("1", "2026-08-05", filed_remanente=7), "77", "$7")
        action = form.action_ask_filing()
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual((wizard.filed_total, wizard.filed_remanente), (192500, 0))
        wizard.write({"folio": "8123456789", "filed_on": "2026-08-05", "filed_total": 192501, "reason": "Redondeo SII"})
        wizard.action_file()
        self.assertEqual((form.status, form.folio, str(form.filed_on)), ("filed", "8123456789", "2026-08-05"))
        self.assertEqual((form.filed_total, form.filed_reason), (192501, "Redondeo SII"))
        data = self.F29.read_period(self.company.id, PERIOD)["filed"]
        self.assertEqual((data["folio"], data["filed_on"], data["filed_total"]), ("8123456789", "2026-08-05", 192501))
        self.assertEqual(data["casillas"]["91"], 192500)

    def test_filed_remanente_is_what_the_next_month_takes_over(self):
        june = self.form(self.compute(period="2026-06"))
        june.input_ids = [(0, 0, {"code": 504, "amount": 100000})]
        june.action_compute()
        self.set_utm(m2026_07=50000, m2026_08=50000)
        self.file(june, filed_remanente=90000, reason="El SII rechazó una factura")
        form = self.form(self.compute())
        self.assertEqual(form._casillas()[504], 90000)
        self.assertEqual((form.carried_pesos, form.carried_utm, form.carried_now), (90000, 1.8, 90000))

    def test_undo_the_same_day(self):
        form = self.file(self.answered())
        self.assertIs(form.filed_reason, False, "no reason was needed, so the screen has no line for one")
        form.action_pay("2026-08-10")
        self.assertTrue(form.undoable)
        form.action_undo()
        self.assertEqual((form.status, form.paid_on), ("filed", False))
        form.action_undo()
        self.assertEqual((form.status, form.folio, form.filed_on, form.in_force), ("approved", False, False, False))
        self.assertIn("31-07-2026", form.message_ids[0].body)
        self.assertEqual(str(self.company.tax_lock_date), "2026-07-31")
        self.assertFalse(form.document_ids.filtered("in_force"))

    def test_no_undo_on_another_day_of_santiago(self):
        form = self.file(self.answered())
        with freeze_time("2026-08-11 03:30:00"):  # still the 10th in Santiago
            form.invalidate_recordset()
            self.assertTrue(form.undoable)
        with freeze_time("2026-08-11 04:30:00"):
            form.invalidate_recordset()
            self.refused(form.action_undo, "otro día", "Rectificar")
        with freeze_time(TODAY):
            form.invalidate_recordset()
            form.action_rectify()
            self.refused(form.action_undo, "rectificatoria")

    def test_overdue_until_filed(self):
        form = self.answered()
        self.assertFalse(form.overdue)
        with freeze_time("2026-08-21 15:00:00"):
            form.invalidate_recordset()
            self.assertTrue(form.overdue)
            self.file(form)
            form.invalidate_recordset()
            self.assertFalse(form.overdue)

    def test_the_due_date_is_known_before_there_is_a_form(self):
        for day, due in (("12", "2026-08-12"), ("20", "2026-08-20")):
            self.company.of_sii_due_day = day
            self.assertEqual(self.F29.read_due_date(self.company.id, "2026-07"), due)
        self.assertEqual(self.F29.read_due_date(self.company.id, "2026-05"), "2026-06-22")  # 20 and 21: a weekend
        self.assertFalse(self.F29.search([("company_id", "=", self.company.id)]))
        self.refused(lambda: self.F29.read_due_date(self.company.id, "julio"), "AAAA-MM")
        self.F29.create({"company_id": self.company.id, "period": "2026-05"})  # not computed: it may have to pay
        self.assertEqual(self.F29.read_due_date(self.company.id, "2026-05"), "2026-06-22")
        form = self.answered()
        form.due_date = "2026-08-25"  # as SII extends it
        self.assertEqual(self.F29.read_due_date(self.company.id, PERIOD), "2026-08-25")

    def test_read_period_reads_and_writes_nothing(self):
        self.assertEqual(self.F29.read_period(self.company.id, PERIOD), {"newest": None, "filed": None})
        self.assertFalse(self.F29.search([("company_id", "=", self.company.id)]))
        form = self.answered()
        self.assertEqual(self.F29.read_period(self.company.id, PERIOD)["newest"]["status"], "ready")
        self.post("sale", "33", [(500000, "ITAX_19")])
        self.assertEqual(self.F29.read_period(self.company.id, PERIOD)["newest"]["casillas"]["502"], 190000)
        self.file(form.action_compute() and form)
        version = self.F29.browse(form.action_rectify()["res_id"])
        answer = self.F29.read_period(self.company.id, PERIOD)
        self.assertEqual((answer["newest"]["id"], answer["filed"]["id"]), (version.id, form.id))
        self.refused(lambda: self.F29.read_period(self.company.id, "julio"), "AAAA-MM")
