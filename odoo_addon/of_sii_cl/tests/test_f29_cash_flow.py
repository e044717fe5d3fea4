from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .closing import ClosingCase
from .common import PERIOD


@tagged("post_install", "-at_install")
class TestF29CashFlow(ClosingCase):
    """What is planned and what was paid, by day."""

    def flow(self, first="2026-01-01", last="2026-12-31", companies=None):
        return self.F29.cash_flow(companies or self.company.ids, first, last)

    def amounts(self, **kwargs):
        return [(row["date"], row["planned"], row["actual"]) for row in self.flow(**kwargs)]

    def test_planned_on_the_due_date_and_paid_on_the_payments_day(self):
        self.assertEqual(self.flow(), [])
        form = self.answered()
        row = {"company": "OFITEC & Cía. SpA", "rut": "76123456-0", "period": PERIOD}
        planned = {**row, "date": "2026-08-20", "planned": 116500, "actual": 0, "move_id": False}
        self.assertEqual(self.flow(), [planned])
        self.file(form)
        planned["move_id"] = form.closing_move_id.id
        first = self.pay(form, 100000, date="2026-08-05")
        second = self.pay(form, 16500, date="2026-08-10")
        self.assertEqual(
            self.flow(),
            [
                {**row, "date": "2026-08-05", "planned": 0, "actual": 100000, "move_id": first.id},
                {**row, "date": "2026-08-10", "planned": 0, "actual": 16500, "move_id": second.id},
                planned,
            ],
        )
        self.assertEqual(self.amounts(first="2026-08-10", last="2026-08-10"), [("2026-08-10", 0, 16500)])
        self.assertEqual(len(self.flow(first=PERIOD, last=PERIOD)), 3)
        self.assertEqual(self.flow(first="2026-08", last="2026-08"), [])

    def test_marked_as_paid_without_an_entry(self):
        self.company.of_sii_closing_entry = False
        form = self.file(self.answered())
        form.action_pay("2026-08-10")
        self.assertEqual(self.amounts(), [("2026-08-10", 0, 116500), ("2026-08-20", 116500, 0)])
        self.assertFalse(self.flow()[0]["move_id"])

    def test_a_rectification_marked_as_paid_adds_its_difference(self):
        self.company.of_sii_closing_entry = False
        form = self.file(self.answered())
        form.action_pay("2026-08-10")
        self.company.tax_lock_date = False
        self.post("sale", "33", [(100000, "ITAX_19")])
        version = self.file(self.F29.browse(form.action_rectify()["res_id"]))
        version.action_pay("2026-08-10")
        actual = [row["actual"] for row in self.flow() if row["actual"]]
        self.assertEqual(actual, [116500, 19250])
        self.assertEqual([row["planned"] for row in self.flow() if row["planned"]], [135750])

    def test_a_rectified_month_is_planned_once(self):
        form = self.file(self.answered())
        self.pay(form)
        self.company.tax_lock_date = False
        self.post("sale", "33", [(100000, "ITAX_19")])
        version = self.F29.browse(form.action_rectify()["res_id"])
        self.assertEqual(sum(row["planned"] for row in self.flow()), 116500)
        self.file(version)
        self.assertEqual(sum(row["planned"] for row in self.flow()), 135750)
        self.assertEqual(sum(row["actual"] for row in self.flow()), 116500)
        self.pay(version)
        self.assertEqual(sum(row["actual"] for row in self.flow()), 135750)

    def test_ranges_and_companies(self):
        for first, last in (("2026-08-02", "2026-08-01"), ("julio", "agosto"), ("2026-07", "2026-08-01"), ("", "")):
            self.refused(lambda first=first, last=last: self.flow(first, last), "rango")
        self.refused(lambda: self.flow(companies=[0]), "No existe")

    def test_the_menu_shows_it_and_the_robot_does_not_see_it(self):
        form = self.file(self.answered())
        self.pay(form)
        rows = self.env["of.sii.f29.cash.flow"].search([("company_id", "=", self.company.id)])
        self.assertEqual((sum(rows.mapped("planned")), sum(rows.mapped("actual"))), (116500, 116500))
        self.assertEqual(rows[0].action_open_form()["res_id"], form.id)
        robot = new_test_user(
            self.env,
            "f29_flow",
            groups="base.group_portal,of_sii_cl.group_f29_compute",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        for attempt in (
            lambda: self.F29.with_user(robot).cash_flow(self.company.ids, "2026-01-01", "2026-12-31"),
            lambda: rows.with_user(robot).read(["planned"]),
            lambda: form.with_user(robot).read(["closing_move_id"]),
        ):
            quiet = mute_logger("odoo.addons.base.models.ir_model", "odoo.models")
            with quiet, self.assertRaises(AccessError), self.cr.savepoint():
                attempt()
        self.assertNotIn("closing_move_id", form.with_user(robot).fields_get())

    def test_views_open(self):
        for kind in ("list", "pivot", "graph", "search"):
            self.assertTrue(self.env["of.sii.f29.cash.flow"].get_views([(False, kind)])["views"][kind]["arch"])
