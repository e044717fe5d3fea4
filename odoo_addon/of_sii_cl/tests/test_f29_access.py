from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import PERIOD, F29Case


@tagged("post_install", "-at_install")
class TestF29Access(F29Case):
    """Who may read, compute, approve; and that one company never shows in another."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            name: new_test_user(
                cls.env,
                f"f29_{name}",
                groups=f"base.group_user,{group}",
                company_id=cls.company.id,
                company_ids=[(6, 0, cls.company.ids)],
            )
            for name, group in {
                "employee": "base.group_user",
                "reader": "account.group_account_readonly",
                "accountant": "account.group_account_user",
                "manager": "account.group_account_manager",
            }.items()
        }
        cls.post("sale", "33", [(1000000, "ITAX_19")])

    def as_user(self, name):
        return self.F29.with_user(self.users[name]).with_context(allowed_company_ids=self.company.ids)

    def test_a_robot_without_an_email_address_recomputes_and_notes_what_changed(self):
        self.users["accountant"].partner_id.email = False
        form = self.F29.browse(self.as_user("accountant").compute_period(self.company.id, PERIOD)["id"])
        self.post("sale", "33", [(500000, "ITAX_19")])
        self.as_user("accountant").compute_period(self.company.id, PERIOD)
        self.assertIn("Código 502: $190.000 → $285.000", form.message_ids[0].body)

    def test_employee_sees_nothing(self):
        result = self.compute()
        with self.assertRaises(AccessError):
            self.as_user("employee").browse(result["id"]).read(["total_to_pay"])
        with self.assertRaises(AccessError):
            self.as_user("employee").documents(self.company.id, PERIOD)
        with self.assertRaises(AccessError):
            self.as_user("employee").compute_period(self.company.id, PERIOD)

    def test_reader_reads_and_exports_but_does_not_compute(self):
        result = self.compute()
        form = self.as_user("reader").browse(result["id"])
        self.assertEqual(form.total_to_pay, 192500)
        self.assertIn("502,190000", form.to_csv())
        self.assertEqual(len(form.documents(self.company.id, PERIOD)), 1)
        wizard = self.env["of.sii.f29.export.wizard"].with_user(self.users["reader"]).create({"f29_id": form.id})
        wizard.action_export()
        with self.assertRaises(AccessError):
            form.compute_period(self.company.id, PERIOD)
        with self.assertRaises(AccessError):
            form.write({"folio": "1"})

    def test_accountant_prepares_but_does_not_approve(self):
        accountant = self.as_user("accountant")
        form = accountant.browse(accountant.compute_period(self.company.id, PERIOD)["id"])
        self.assertEqual(form.total_to_pay, 192500)
        form.input_ids = [(0, 0, {"code": 48, "amount": 5}), (0, 0, {"code": 504, "amount": 0})]
        form.write({"ppm_rate": 1, "common_use_factor": 0.5})
        form.action_compute()
        steps = (form.action_approve, form.action_reopen, form.action_ask_filing, form.action_pay, form.action_undo)
        for refused in (*steps, form.action_rectify, lambda: form.action_file("1", "2026-08-05")):
            with self.assertRaises(AccessError):
                refused()
        with self.assertRaises(AccessError):
            form.line_ids[0].write({"amount": 1})
        for vals in (
            *({"status": "approved"}, {"total_to_pay": 1}, {"warnings": []}, {"version": 7}, {"line_ids": [(5, 0, 0)]}),
            *({"folio": "1"}, {"filed_total": 1}, {"in_force": True}, {"document_ids": [(5, 0, 0)]}),
        ):
            with self.assertRaises(AccessError):
                form.write(vals)
        for error, vals in (
            (UserError, {"status": "approved"}),
            (AccessError, {"total_to_pay": 1}),
            (AccessError, {"version": 2}),
        ):
            with self.assertRaises(error):
                accountant.create({"company_id": self.company.id, "period": "2026-03", **vals})
        with self.assertRaises(AccessError):
            self.env["of.sii.f29.map"].with_user(self.users["accountant"]).search([], limit=1).write({"code": 0})
        with self.assertRaises(AccessError):
            self.env["of.sii.utm"].with_user(self.users["accountant"]).create({"month": "2020-01", "value": 1})

    def test_manager_does_all(self):
        manager = self.as_user("manager")
        form = manager.browse(manager.compute_period(self.company.id, PERIOD)["id"])
        form.input_ids = [(0, 0, {"code": 48, "amount": 5})]
        form.action_compute()
        self.approve(form)
        form.action_reopen()
        form.action_compute()
        self.file(form)
        form.action_pay()
        self.assertEqual(form.status, "paid")
        form.action_undo()
        form.action_undo()
        self.file(form)
        self.assertEqual(manager.browse(form.action_rectify()["res_id"]).status, "ready")
        self.env["of.sii.utm"].with_user(self.users["manager"]).create({"month": "2020-01", "value": 1})
        self.env["of.sii.f29.map"].with_user(self.users["manager"]).create(
            {"tax_code": "ITAX_19", "direction": "sale", "doc_codes": "901", "what": "count", "code": 503}
        )

    def test_companies_do_not_mix(self):
        other = self.make_company("Otra SpA", "77123456-9")
        self.post("sale", "33", [(500000, "ITAX_19")], company=other)
        self.env["of.sii.f29.map"].create(
            {
                "tax_code": "ITAX_19",
                "direction": "sale",
                "doc_codes": "33",
                "what": "tax",
                "code": 764,
                "company_id": other.id,
            }
        )
        ours, theirs = self.compute(), self.compute(company=other)
        self.assertEqual(ours["casillas"]["502"], 190000)
        self.assertEqual((theirs["casillas"]["764"], theirs["casillas"].get("502")), (95000, None))
        self.assertEqual([row["net"] for row in self.F29.documents(other.id, PERIOD)], [500000])
        accountant = self.as_user("accountant")
        self.assertEqual(accountant.search([]).company_id, self.company)
        with self.assertRaises(AccessError):
            accountant.browse(theirs["id"]).read(["total_to_pay"])
        for method in (accountant.compute_period, accountant.documents):
            with self.assertRaises(AccessError):
                method(other.id, PERIOD)
