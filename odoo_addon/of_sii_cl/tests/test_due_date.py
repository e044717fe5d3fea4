from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from .closing import ClosingCase
from .common import PERIOD, F29Case

RESOLUTION = "Resolución Ex. SII N° 45 de 18-08-2026"


class DueDates:
    """Extensions as the accountant writes them."""

    def extend(self, date="2026-08-25", kind="payment", **values):
        return self.env["of.sii.due_date"].create(
            {"period": PERIOD, "kind": kind, "date": date, "source": RESOLUTION, **values}
        )


@tagged("post_install", "-at_install")
class TestDueDate(DueDates, F29Case):
    """A due date that the SII extended: every form of the month goes by it, whatever its state."""

    def dates(self):
        return self.F29.read_due_dates(self.company.id, PERIOD)

    def paying(self):
        self.post("sale", "33", [(1000000, "ITAX_19")])
        return self.form(self.compute())

    def test_it_holds_before_there_is_a_form(self):
        self.assertEqual(self.dates(), {"with_payment": "2026-08-20", "without_payment": "2026-08-28"})
        self.extend()
        self.extend("2026-08-31", "no_payment")
        self.assertEqual(self.dates(), {"with_payment": "2026-08-25", "without_payment": "2026-08-31"})
        self.assertEqual(self.F29.read_due_date(self.company.id, PERIOD), "2026-08-25")
        self.assertEqual(self.compute()["due_date"], "2026-08-31")
        self.post("sale", "33", [(1000000, "ITAX_19")])
        self.assertEqual(self.compute()["due_date"], "2026-08-25")

    def test_a_computed_form_follows_and_says_why(self):
        preparer = new_test_user(
            self.env,
            "due_preparer",
            groups="base.group_user,of_sii_cl.group_f29_prepare",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        form = self.paying()
        self.assertEqual((str(form.due_date), form.extended_by), ("2026-08-20", False))
        extension = self.extend()
        self.assertEqual((str(form.due_date), form.extended_by), ("2026-08-25", RESOLUTION))
        self.assertIn(f"20-08-2026 → 25-08-2026 ({RESOLUTION})", form.message_ids[0].body)
        activity = form.activity_ids.filtered(lambda one: one.user_id == preparer)
        self.assertEqual(str(activity.date_deadline), "2026-08-25")
        self.assertIn("25-08-2026", activity.summary)
        self.assertEqual(self.compute()["due_date"], "2026-08-25")
        extension.date = "2026-08-27"
        self.assertEqual(str(form.due_date), "2026-08-27")
        extension.unlink()
        self.assertEqual((str(form.due_date), form.extended_by), ("2026-08-20", False))
        self.assertIn("sin extensión", form.message_ids[0].body)

    def test_a_later_date_of_a_person_stays_and_an_earlier_one_gives_way(self):
        form = self.paying()
        form.due_date = "2026-08-31"
        extension = self.extend()
        self.assertEqual(str(form.due_date), "2026-08-31")
        extension.unlink()
        form.due_date = "2026-08-21"
        self.extend()
        self.assertEqual(str(form.due_date), "2026-08-25")

    def test_it_never_brings_a_date_forward(self):
        form = self.paying()
        self.extend("2026-08-14")  # for those who are due on the 12th
        self.assertEqual((str(form.due_date), form.extended_by), ("2026-08-20", False))
        self.company.of_sii_due_day = "12"
        self.assertEqual(str(form.due_date), "2026-08-14")

    def test_only_for_one_company(self):
        other = self.make_company("Otra SpA", "77123456-9")
        self.extend("2026-08-27", company_id=other.id)
        self.assertEqual(self.dates()["with_payment"], "2026-08-20")
        self.assertEqual(self.F29.read_due_dates(other.id, PERIOD)["with_payment"], "2026-08-27")
        self.extend("2026-08-25")
        self.assertEqual(self.dates()["with_payment"], "2026-08-25")
        self.assertEqual(self.F29.read_due_dates(other.id, PERIOD)["with_payment"], "2026-08-27")

    def test_what_is_no_extension_is_refused(self):
        self.extend()
        for wrong in (
            *({"period": "2026-13"}, {"date": "2026-07-31"}, {"date": "2027-10-01"}),
            {},  # there is one already
        ):
            with self.assertRaises(ValidationError), self.cr.savepoint():
                self.extend(**{"kind": "payment", **wrong})

    def test_accounting_administrators_write_it_and_accountants_read_it(self):
        extension = self.extend()
        users = {
            name: new_test_user(self.env, f"due_{name}", groups=f"base.group_user,account.group_account_{name}")
            for name in ("user", "manager")
        }
        self.assertEqual(extension.with_user(users["user"]).source, RESOLUTION)
        with self.assertRaises(AccessError):
            extension.with_user(users["user"]).write({"date": "2026-08-26"})
        extension.with_user(users["manager"]).write({"date": "2026-08-26"})


@tagged("post_install", "-at_install")
class TestDueDateClosing(DueDates, ClosingCase):
    """What an extension does to a form that is approved or filed, and to its closing entry."""

    def test_an_approved_form_and_its_draft_entry_follow(self):
        form = self.answered()
        self.approve(form)
        payable = self.payable(form)
        self.assertEqual(str(payable.date_maturity), "2026-08-20")
        self.extend()
        self.assertEqual((form.status, str(form.due_date)), ("approved", "2026-08-25"))
        self.assertEqual(str(payable.date_maturity), "2026-08-25")
        planned = [row for row in self.F29.cash_flow(self.company.ids, PERIOD, PERIOD) if row["planned"]]
        self.assertEqual([row["date"] for row in planned], ["2026-08-25"])

    def test_a_filed_form_follows_so_that_nobody_calls_it_late_and_keeps_its_figures(self):
        form = self.file(self.answered())
        sealed, entry = form.to_json(), form.closing_move_id
        maturity = str(self.payable(form).date_maturity)
        self.extend()
        self.assertEqual((form.status, str(form.due_date)), ("filed", "2026-08-25"))
        self.assertEqual(form.to_json(), sealed)
        self.assertEqual((form.closing_move_id, entry.state, maturity), (entry, "posted", "2026-08-20"))
        self.assertEqual(str(self.payable(form).date_maturity), maturity, "a posted entry is not touched")
        with self.assertRaises(UserError):
            form.due_date = "2026-09-30"
