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
        form.action_approve()
        form.action_reopen()
        self.assertEqual(form.status, "ready")
        form.action_approve()
        form.action_file()
        form.action_pay()
        self.assertEqual(form.status, "paid")

    def test_steps_that_do_not_exist_are_refused(self):
        form = self.F29.create({"company_id": self.company.id, "period": PERIOD})
        for status in ("approved", "filed", "paid"):
            with self.assertRaises(UserError):
                form.write({"status": status})
        form.action_compute()
        with self.assertRaises(UserError):
            form.action_file()
        form.action_approve()
        form.action_file()
        with self.assertRaises(UserError):
            form.action_reopen()

    def test_filed_form_is_frozen(self):
        form = self.form(self.compute())
        manual = self.env["of.sii.f29.input"].create({"f29_id": form.id, "code": 48, "amount": 1})
        form.action_approve()
        for change in (lambda: manual.write({"amount": 2}), manual.unlink, form.unlink):
            with self.assertRaises(UserError):
                change()
        form.action_file()
        with self.assertRaises(UserError):
            form.due_date = "2026-12-01"
        form.folio = "8123456789"  # what the filing itself gives may still be noted

    def test_rectification_is_a_new_version_with_the_same_manual_codes(self):
        form = self.form(self.compute())
        form.input_ids = [(0, 0, {"code": 48, "amount": 1000, "note": "Nómina"})]
        self.compute()
        form.action_approve()
        form.action_file()
        version = self.F29.browse(form.action_rectify()["res_id"])
        self.assertEqual((version.version, version.status, version.period), (2, "draft", PERIOD))
        self.assertEqual(version.input_ids.mapped("code"), [48])
        result = self.compute()
        self.assertEqual((result["id"], result["version"], result["casillas"]["48"]), (version.id, 2, 1000))
        self.assertEqual(form.status, "filed")
        with self.assertRaises(UserError):
            form.action_rectify()
        with self.assertRaises(UserError):
            form.action_compute()

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
