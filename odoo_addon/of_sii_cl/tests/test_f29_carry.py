from odoo.tests import tagged

from .common import PERIOD, F29Case


@tagged("post_install", "-at_install")
class TestF29Carry(F29Case):
    """What a month takes over from the form before, what it asks for and what it misses."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_utm(m2026_06=50000, m2026_07=50000, m2026_08=50000)

    def enter(self, form, **codes):
        form.input_ids = [(0, 0, {"code": int(code[1:]), "amount": amount}) for code, amount in codes.items()]

    def month(self, period, **codes):
        """The form of a month with códigos of a person, computed."""
        form = self.form(self.compute(period=period))
        self.enter(form, **codes)
        self.compute(period=period)
        return form

    def filed(self, form):
        self.file(form)
        return form

    def asked(self, result):
        return [question["code"] for question in result["questions"]]

    def test_first_form_asks_for_504_until_it_is_answered(self):
        result = self.compute()
        self.assertEqual(self.asked(result), ["504"])
        self.assertIn("2026-06", result["questions"][0]["message"])
        self.assertEqual(self.form(result).questions, result["questions"])
        self.assertEqual(self.asked(self.compute()), ["504"])
        self.enter(self.form(result), c504=0)  # nothing to carry is an answer too
        self.assertEqual(self.asked(self.compute()), [])

    def test_question_that_the_month_before_left_open_is_asked_again(self):
        june = self.form(self.compute(period="2026-06"))
        result = self.compute()
        self.assertEqual(self.asked(result), ["504"])
        self.assertIn("2026-06 aún pregunta", result["questions"][0]["message"])
        self.filed(june)  # filed as it was: its 77 holds
        self.assertEqual(self.asked(self.compute()), [])

    def test_month_after_a_gap_is_asked(self):
        self.month("2026-05", c504=100000)
        self.assertEqual(self.asked(self.compute()), ["504"])

    def test_month_without_documents_has_its_form_and_is_no_gap(self):
        self.month("2026-05", c504=100000)
        june = self.compute(period="2026-06")
        self.assertEqual((june["movement"], june["status"], june["casillas"]["504"]), (False, "ready", 100000))
        self.post("sale", "34", [(1000,)])
        july = self.compute()
        self.assertEqual((july["movement"], july["casillas"]["504"], july["questions"]), (True, 100000, []))

    def test_what_a_person_declares_is_movement_though_there_is_no_document(self):
        form = self.month(PERIOD, c504=0, c48=1200000)
        self.assertTrue(form.movement)

    def test_carries_what_was_filed_and_not_a_rectification_that_never_was(self):
        filed = self.filed(self.month("2026-06", c504=100000))
        rectification = self.F29.browse(filed.action_rectify()["res_id"])
        rectification.input_ids.amount = 900000
        self.compute(period="2026-06")
        self.assertEqual(rectification.remanente, 900000)
        self.assertEqual(self.casillas()["504"], 100000)
        self.filed(rectification)
        self.assertEqual(self.casillas()["504"], 900000)

    def test_nothing_filed_carries_the_newest_there_is(self):
        self.month("2026-06", c504=100000)
        self.assertEqual(self.casillas()["504"], 100000)

    def test_remanentes_of_other_taxes_are_carried(self):
        self.set_utm(m2026_07=40000, m2026_08=44000)
        self.filed(self.month("2026-06", c504=0, c508=20000, c557=30000, c722=5000))
        casillas = self.casillas()
        self.assertEqual(
            {code: casillas.get(code) for code in ("508", "557", "722")}, {"508": 20000, "557": 30000, "722": 5000}
        )
        self.assertEqual(
            (casillas["543"], casillas["573"], casillas["507"], casillas["724"]), (30000, 30000, 20000, 5000)
        )
        self.enter(self.form(self.compute()), c508=1, c557=0, c722=7)
        casillas = self.casillas()
        self.assertEqual(
            {code: casillas.get(code) for code in ("508", "557", "722")}, {"508": 1, "557": None, "722": 7}
        )

    def test_other_remanentes_are_asked_of_those_who_have_such_a_tax(self):
        self.post("sale", "33", [(50000, "ITAX_19", "ila_a_100_s")])
        form = self.form(self.compute())
        self.assertEqual(self.asked(self.compute()), ["504", "508"])
        self.enter(form, c556=1000, c721=500)
        self.assertEqual(self.asked(self.compute()), ["504", "508", "557", "722"])
        self.enter(form, c504=0, c508=0, c557=0, c722=0)
        self.assertEqual(self.asked(self.compute()), [])

    def test_code_entered_last_month_and_not_in_this_one_is_told(self):
        self.month("2026-06", c504=0, c48=1200000, c153=10000, c502=-500, c68=0)
        form = self.month(PERIOD, c153=20000)
        result = self.compute()
        self.assertEqual([(row["code"], row["last"]) for row in result["missing_inputs"]], [("48", 1200000)])
        self.assertIn("impuesto único", result["missing_inputs"][0]["glosa"])
        self.assertIn("$1.200.000", form.pending_text)
        self.enter(form, c48=0)
        self.assertEqual(self.compute()["missing_inputs"], [])
        self.assertFalse(form.pending_text)
