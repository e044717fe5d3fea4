from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import PERIOD, F29Case


@tagged("post_install", "-at_install")
class TestF29Rates(F29Case):
    """PPM rate (115) and common use factor belong to the form of a month."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.of_sii_common_use_factor = 0.6

    def test_first_form_proposes_the_company_s(self):
        form = self.form(self.compute())
        self.assertEqual((form.ppm_rate, form.common_use_factor), (0.25, 0.6))

    def test_a_person_edits_them_while_the_form_is_open(self):
        self.post("sale", "34", [(1000000,)])
        self.post("purchase", "33", [(10000, "iva_compra_uso_comun")])
        form = self.form(self.compute())
        form.write({"ppm_rate": 1.125, "common_use_factor": 0.5})
        result = self.compute()
        self.assertEqual((result["ppm_rate"], result["casillas"]["115"]), ("1.125", 1.125))
        self.assertEqual((result["casillas"]["62"], result["casillas"]["520"]), (11250, 950))
        for vals in ({"ppm_rate": 101}, {"common_use_factor": 1.5}, {"ppm_rate": -1}):
            with self.assertRaises(ValidationError), self.cr.savepoint():
                form.write(vals)
        self.approve(form)
        for vals in ({"ppm_rate": 1}, {"common_use_factor": 1}):
            with self.assertRaises(UserError):
                form.write(vals)

    def test_next_form_proposes_those_of_the_form_before(self):
        may = self.form(self.compute(period="2026-05"))
        may.write({"ppm_rate": 1, "common_use_factor": 0.7})
        may.action_compute()
        self.company.write({"of_sii_ppm_rate": 3, "of_sii_common_use_factor": 0.1})
        july = self.form(self.compute())
        self.assertEqual((july.ppm_rate, july.common_use_factor), (1, 0.7))

    def test_what_was_filed_proposes_before_a_rectification(self):
        june = self.form(self.compute(period="2026-06"))
        self.file(june)
        rectification = self.F29.browse(june.action_rectify()["res_id"])
        rectification.ppm_rate = 2
        self.compute(period="2026-06")
        self.assertEqual(self.form(self.compute()).ppm_rate, 0.25)

    def test_rectifying_keeps_the_rate_of_its_month(self):
        self.post("sale", "34", [(100000000,)], date="2026-03-10")
        march = self.form(self.compute(period="2026-03"))
        self.file(march)
        april = self.form(self.compute(period="2026-04"))
        april.ppm_rate = 1.1
        april.action_compute()
        self.company.of_sii_ppm_rate = 1.1
        rectification = self.F29.browse(march.action_rectify()["res_id"])
        result = self.compute(period="2026-03")
        self.assertEqual(
            (result["id"], result["casillas"]["62"], result["casillas"]["115"]), (rectification.id, 250000, 0.25)
        )

    def test_rate_is_a_line_of_the_form_and_no_manual_code(self):
        form = self.form(self.compute())
        line = form.line_ids.filtered(lambda line: line.code == 115)
        self.assertEqual((line.amount, line.amount_text), (0.25, "0,25 %"))
        with self.assertRaises(ValidationError) as caught, self.cr.savepoint():
            form.input_ids = [(0, 0, {"code": 115, "amount": 1})]
        self.assertIn("tasa", str(caught.exception))

    def test_change_of_the_rate_is_noted(self):
        form = self.form(self.compute(period=PERIOD))
        form.ppm_rate = 0.125
        form.action_compute()
        self.assertIn("Código 115: 0,25 % → 0,125 %", form.message_ids[0].body)
