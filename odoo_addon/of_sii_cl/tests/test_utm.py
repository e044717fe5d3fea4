import base64

from freezegun import freeze_time
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import PERIOD, F29Case

PAGE = "Mes\tUTM\tUTA\nEnero\t69.265\t831.180\nFebrero\t69.400\t832.800\nSeptiembre\t\t\n"


@tagged("post_install", "-at_install")
class TestUtm(F29Case):
    """A table of UTM values comes in whole or not at all, and what is missing is said before it is needed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.utm = cls.env["of.sii.utm"]
        cls.utm.search([]).unlink()

    def known(self):
        return {record.month: record.value for record in self.utm.search([])}

    def dialog(self, **values):
        return self.env["of.sii.utm.load.wizard"].create(values)

    def test_a_pasted_page_and_the_same_again(self):
        loaded = self.utm.load(PAGE)
        self.assertEqual(loaded["new"], {"2026-01": 69265, "2026-02": 69400})
        self.assertEqual((loaded["same"], loaded["pending"]), (0, ["2026-09"]))
        self.assertEqual(self.known(), {"2026-01": 69265, "2026-02": 69400})
        self.assertEqual(self.utm.load(PAGE)["same"], 2)
        self.assertEqual(self.utm.load("2026-02,69.500")["changed"], {"2026-02": [69400, 69500]})

    def test_one_wrong_line_and_nothing_is_loaded(self):
        with self.assertRaisesRegex(UserError, "línea 3: .*13/2026.*\n• línea 4: .*69,4"):
            self.utm.load("mes;valor\n08/2026;69.542\n13/2026;69.600\n07/2026;69,4")
        self.assertEqual(self.known(), {})
        with self.assertRaisesRegex(UserError, "línea 1: .*2027-08.*año"):
            self.utm.load("2027-08,69542")
        with self.assertRaisesRegex(UserError, "2026-08,69542"):
            self.utm.load("")

    def test_only_who_approves_loads(self):
        accountant = new_test_user(self.env, "utm_accountant", groups="base.group_user,account.group_account_user")
        with self.assertRaisesRegex(AccessError, "F29: aprobar"):
            self.utm.with_user(accountant).load("2026-08,69542")
        manager = new_test_user(self.env, "utm_manager", groups="base.group_user,account.group_account_manager")
        self.utm.with_user(manager).load("2026-08,69542")
        self.assertEqual(self.known(), {"2026-08": 69542})

    def test_the_dialog_takes_text_or_a_file_of_excel(self):
        dialog = self.dialog(content="agosto 69.542", year="2025")
        dialog.action_load()
        self.assertEqual(dialog.result, "2025-08: $69.542")
        excel = base64.b64encode("\ufeffMes;UTM\r\nago-26;69.542,00\r\n".encode())
        self.dialog(file=excel, file_name="utm.csv").action_load()
        latin = base64.b64encode("Año;UTM\r\n01-07-2026;69.400\r\n".encode("cp1252"))
        self.dialog(file=latin).action_load()
        self.assertEqual(self.known(), {"2025-08": 69542, "2026-08": 69542, "2026-07": 69400})
        for wrong in ({}, {"content": "2026-08,69542", "file": excel}):
            with self.assertRaisesRegex(UserError, "una de las dos cosas"):
                self.dialog(**wrong).action_load()

    def credit(self, amount=2500000):
        """June's form leaves a credit."""
        june = self.form(self.compute(period="2026-06"))
        june.input_ids = [(0, 0, {"code": 504, "amount": amount})]
        june.action_compute()
        return june

    def missing(self, period=PERIOD):
        return self.F29.missing_utm(self.company.ids, period)

    def test_what_is_missing_is_said_until_it_is_there(self):
        june = self.credit()
        self.assertEqual(self.missing(), {"2026-07": self.company.ids, "2026-08": self.company.ids})
        self.assertIn("Falta la UTM de 2026-07 y 2026-08", june.utm_notice)
        self.assertIn("$2.500.000", june.utm_notice)
        self.utm.load("2026-07,69400")
        june.invalidate_recordset(["utm_notice"])
        self.assertIn("Falta la UTM de 2026-08:", june.utm_notice)
        self.assertEqual(list(self.missing()), ["2026-08"])
        self.utm.load("2026-08,69542")
        june.invalidate_recordset(["utm_notice"])
        self.assertEqual((self.missing(), june.utm_notice), ({}, False))

    def test_without_a_credit_no_utm_is_needed(self):
        self.post("sale", "33", [(1000000, "ITAX_19")])
        form = self.form(self.compute())
        self.assertEqual((self.missing(), form.utm_notice), ({}, False))

    def test_the_next_month_is_asked_for_once_it_is_published(self):
        self.utm.load("2026-07,69400\n2026-08,69542")
        self.credit()
        july = self.form(self.compute())
        self.assertEqual((self.missing(), july.utm_notice), ({}, False))
        with freeze_time("2026-08-25 15:00:00"):
            july.invalidate_recordset(["utm_notice"])
            self.assertEqual(self.missing(), {"2026-09": self.company.ids})
            self.assertIn("Falta la UTM de 2026-09:", july.utm_notice)

    def test_a_form_that_needs_none_any_more_asks_for_none(self):
        june = self.credit()
        july = self.form(self.compute())
        july.input_ids = [(0, 0, {"code": 504, "amount": 2511532})]
        self.assertEqual(june.utm_notice, False)
        self.assertEqual(list(self.missing()), ["2026-08"])  # for what July leaves to August
        july.input_ids.unlink()
        july.action_compute()
        self.approve(july)
        june.invalidate_recordset(["utm_notice"])
        self.assertEqual(june.utm_notice, False)

    def test_robot_asks_what_is_missing(self):
        self.credit()
        robot = new_test_user(
            self.env,
            "utm_robot",
            groups="of_sii_cl.group_f29_compute",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        forms = self.F29.with_user(robot)
        self.assertEqual(list(forms.missing_utm(self.company.ids, PERIOD)), ["2026-07", "2026-08"])
