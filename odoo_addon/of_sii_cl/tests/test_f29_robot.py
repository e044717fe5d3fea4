from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import PERIOD, F29Case


@tagged("post_install", "-at_install")
class TestF29Robot(F29Case):
    """Who is in «F29: calcular» alone computes, reads and exports, and can do nothing else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.robot = new_test_user(
            cls.env,
            "f29_robot",
            groups="base.group_portal,of_sii_cl.group_f29_compute",
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
        )
        cls.sale = cls.post("sale", "33", [(1000000, "ITAX_19")])

    def test_it_computes_reads_and_exports(self):
        forms = self.F29.with_user(self.robot)
        self.draft("sale", "33", [(1000, "ITAX_19")])
        result = forms.compute_period(self.company.id, PERIOD)
        self.assertEqual(result["casillas"]["502"], 190000)
        self.assertEqual(forms.read_period(self.company.id, PERIOD)["newest"]["id"], result["id"])
        form = forms.browse(result["id"])
        self.assertEqual(form.read(["total_to_pay", "status"])[0]["total_to_pay"], 192500)
        # every field that it may see; activities and messages are for people
        mail = ("activity_", "my_activity_", "message_", "website_message_", "has_message", "rating_")
        whole = form.read([name for name in form.fields_get() if not name.startswith(mail)])[0]
        self.assertFalse({"closing_move_id", "difference_ids", "pending_line_ids"} & set(whole))
        self.assertIn("502,190000", form.to_csv())
        self.assertIn('"502": 190000', form.to_json())
        self.assertIn('num="502"', form.to_xml())
        self.assertEqual(len(forms.documents(self.company.id, PERIOD)), 1)
        self.post("sale", "33", [(500000, "ITAX_19")])
        forms.compute_period(self.company.id, PERIOD)
        self.assertIn("Código 502: $190.000 → $285.000", form.sudo().message_ids[0].body)

    def test_it_can_do_nothing_else(self):
        form = self.form(self.compute())
        form.input_ids = [(0, 0, {"code": 504, "amount": 0})]
        form.action_compute()
        self.draft("sale", "33", [(1000, "ITAX_19")])
        form.action_compute()
        filed = self.file(self.form(self.compute(period="2026-06")))
        mine = form.with_user(self.robot)
        theirs = filed.with_user(self.robot)
        line, row = filed.line_ids[:1], self.env["of.sii.f29.map"].search([], limit=1)
        attempts = [
            *(mine.action_approve, mine.action_reopen, mine.action_ask_filing, mine.action_pay, mine.action_undo),
            lambda: mine.action_file("1", "2026-08-05"),
            *(theirs.action_rectify, theirs.action_pay, theirs.action_undo, mine.unlink),
            *(lambda vals=vals: mine.write(vals) for vals in ({"ppm_rate": 1}, {"due_date": "2026-09-01"})),
            *(lambda vals=vals: mine.write(vals) for vals in ({"status": "approved"}, {"total_to_pay": 1})),
            lambda: mine.write({"input_ids": [(0, 0, {"code": 48, "amount": 1})]}),
            lambda: self.F29.with_user(self.robot).create({"company_id": self.company.id, "period": "2026-05"}),
            lambda: (
                self.env["of.sii.f29.input"].with_user(self.robot).create({"f29_id": form.id, "code": 48, "amount": 1})
            ),
            form.input_ids.with_user(self.robot).unlink,
            lambda: form.warning_ids.with_user(self.robot).action_acknowledge("Nada"),
            lambda: line.with_user(self.robot).write({"amount": 1}),
            lambda: row.with_user(self.robot).write({"code": 0}),
            row.with_user(self.robot).unlink,
            lambda: self.env["of.sii.utm"].with_user(self.robot).create({"month": "2020-01", "value": 1}),
            lambda: self.sale.with_user(self.robot).write({"ref": "x"}),
            lambda: self.sale.with_user(self.robot).read(["amount_total"]),
            lambda: self.sale.line_ids.with_user(self.robot).read(["balance"]),
            lambda: self.sale.partner_id.with_user(self.robot).read(["name", "vat", "email"]),
            lambda: self.sale.partner_id.with_user(self.robot).write({"name": "x"}),
            lambda: self.env.ref("base.user_admin").with_user(self.robot).read(["login"]),
            lambda: self.env["ir.module.module"].with_user(self.robot).search([], limit=1).button_install(),
            lambda: self.sale.with_user(self.robot).button_draft(),
            lambda: self.env["account.move"].with_user(self.robot).create({"move_type": "entry"}),
            lambda: self.company.with_user(self.robot).write({"of_sii_ppm_rate": 1}),
            lambda: self.env["res.users"].with_user(self.robot).create({"name": "x", "login": "x"}),
            lambda: self.env["of.sii.f29.file.wizard"].with_user(self.robot).create({"f29_id": form.id}),
            lambda: self.env["of.sii.f29.approve.wizard"].with_user(self.robot).create({"f29_id": form.id}),
        ]
        for number, attempt in enumerate(attempts):
            quiet = mute_logger("odoo.addons.base.models.ir_model")
            with self.subTest(attempt=number), quiet, self.assertRaises(AccessError), self.cr.savepoint():
                attempt()
        self.assertEqual((form.status, filed.status), ("ready", "filed"))
