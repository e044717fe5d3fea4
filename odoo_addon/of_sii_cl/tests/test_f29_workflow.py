from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger
from psycopg2 import IntegrityError

from .common import PERIOD, F29Case


@tagged("post_install", "-at_install")
class TestF29Workflow(F29Case):
    """Draft, computed, approved, filed, paid; and the correction of a filed form."""

    def test_goes_forward_and_back_from_approved(self):
        form = self.F29.create({"company_id": self.company.id, "period": PERIOD})
        self.assertEqual(form.status, "draft")
        form.action_compute()
        self.assertEqual(form.status, "ready")
        self.approve(form)
        form.action_reopen()
        self.assertEqual(form.status, "ready")
        self.file(form)
        form.action_pay()
        self.assertEqual((form.status, str(form.paid_on)), ("paid", "2026-08-10"))

    def test_steps_that_do_not_exist_are_refused(self):
        form = self.F29.create({"company_id": self.company.id, "period": PERIOD})
        for status in ("approved", "filed", "paid"):
            with self.assertRaises(UserError):
                form.write({"status": status})
        with self.assertRaises(UserError):
            form.action_approve()
        form.action_compute()
        with self.assertRaises(UserError):
            form.action_file("1", "2026-08-05")
        self.file(form)
        with self.assertRaises(UserError):
            form.action_reopen()

    def test_filed_form_is_frozen(self):
        form = self.form(self.compute())
        manual = self.env["of.sii.f29.input"].create({"f29_id": form.id, "code": 48, "amount": 1})
        self.approve(form)
        for change in (
            *(lambda: manual.write({"amount": 2}), manual.unlink, form.unlink),
            lambda: form.write({"ppm_rate": 2}),
        ):
            with self.assertRaises(UserError):
                change()
        self.file(form)
        with self.assertRaises(UserError):
            form.due_date = "2026-12-01"
        form.folio = "8123456780"  # a number that was typed wrong can be put right

    def test_rectification_is_a_new_version_with_the_same_manual_codes_and_rates(self):
        self.post("sale", "34", [(1000000,)])
        form = self.form(self.compute())
        form.input_ids = [(0, 0, {"code": 48, "amount": 1000, "note": "Nómina"})]
        form.write({"ppm_rate": 1, "common_use_factor": 0.5})
        form.action_compute()
        self.file(form, filed_total=12000, reason="El SII sumó $1.000")
        self.company.of_sii_ppm_rate = 5
        version = self.F29.browse(form.action_rectify()["res_id"])
        self.assertEqual((version.version, version.status, version.period), (2, "ready", PERIOD))
        self.assertEqual(version.name, "F29 2026-07 v2 (rectificatoria)")
        self.assertEqual((version.ppm_rate, version.common_use_factor), (1, 0.5))
        self.assertEqual((version.input_ids.filtered("amount").mapped("code"), version.replaces_id), ([48], form))
        result = self.compute()
        self.assertEqual((result["id"], result["version"], result["casillas"]["48"]), (version.id, 2, 1000))
        self.assertEqual(result["previous_total"], 12000)
        self.assertEqual((form.status, form.in_force, form.replaced_by_id.id), ("filed", True, False))
        self.assertEqual((form.payable, version.payable), (12000, 0))
        with self.assertRaises(UserError):
            form.action_rectify()
        with self.assertRaises(UserError):
            form.action_compute()
        self.file(version, folio="8123456790")
        self.assertEqual((form.in_force, form.replaced_by_id, version.in_force), (False, version, True))
        self.assertEqual((form.payable, version.payable), (0, 11000))

    def test_one_form_a_company_period_and_version(self):
        self.compute()
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.cr.savepoint():
            self.F29.create({"company_id": self.company.id, "period": PERIOD})
            self.env.flush_all()

    def test_computed_form_keeps_its_period(self):
        form = self.form(self.compute())
        with self.assertRaises(UserError):
            form.period = "2026-05"

    def test_name_tells_period_and_version(self):
        form = self.form(self.compute())
        self.assertEqual(form.display_name, "F29 2026-07")
