from freezegun import freeze_time
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import PERIOD, F29Case


@tagged("post_install", "-at_install")
class TestF29Compute(F29Case):
    """What compute_period refuses, keeps and tells."""

    def refused(self, company_id, period, *words):
        before = self.F29.search_count([])
        with self.assertRaises(UserError) as caught:
            self.F29.compute_period(company_id, period)
        message = str(caught.exception)
        for word in words:
            self.assertIn(word, message)
        self.assertNotIn("\n", message)
        self.assertEqual(self.F29.search_count([]), before)

    def test_refuses_a_period_that_is_none(self):
        for period in (202607, "2026-13", "2026-7", "202607", "", False, "julio", "2026-07-01"):
            self.refused(self.company.id, period, "AAAA-MM")

    def test_refuses_a_running_and_a_future_month(self):
        self.refused(self.company.id, "2026-08", "2026-08", "01-09-2026")
        self.refused(self.company.id, "2027-01", "2027-01", "01-02-2027")

    def test_form_of_a_month_that_has_not_ended_is_not_even_created(self):
        before = self.F29.search_count([])
        for period in ("2026-08", "2027-01"):
            with self.assertRaises(UserError) as caught:
                self.F29.create({"company_id": self.company.id, "period": period})
            self.assertIn("aún no termina", str(caught.exception))
        self.assertEqual(self.F29.search_count([]), before)

    def test_month_ends_at_midnight_of_santiago(self):
        # UTC-4 in winter: 03:30 UTC is still the day before in Santiago.
        with freeze_time("2026-09-01 03:30:00"):
            self.refused(self.company.id, "2026-08", "aún no termina")
        with freeze_time("2026-09-01 04:30:00"):
            self.assertEqual(self.compute(period="2026-08")["period"], "2026-08")

    def test_refuses_a_company_without_valid_rut(self):
        self.company.partner_id.vat = False
        self.refused(self.company.id, PERIOD, "OFITEC", "RUT")
        self.env.cr.execute("UPDATE res_partner SET vat = '76123456-1' WHERE id = %s", [self.company.partner_id.id])
        self.company.partner_id.invalidate_recordset()
        self.refused(self.company.id, PERIOD, "76123456-1", "dígito verificador")

    def test_refuses_a_company_that_does_not_exist(self):
        self.refused(987654, PERIOD, "987654")
        self.refused(False, PERIOD, "No existe la empresa")

    def test_refuses_a_closed_form(self):
        form = self.form(self.compute())
        self.approve(form)
        self.refused(self.company.id, PERIOD, PERIOD, "aprobado", "Calculado")
        self.file(form)
        self.refused(self.company.id, PERIOD, PERIOD, "declarado", "Rectificar")
        form.action_pay()
        self.refused(self.company.id, PERIOD, PERIOD, "pagado")

    def test_the_first_note_is_spanish_whoever_computes(self):
        forms = self.F29.with_context(tracking_disable=False, lang=False)
        form = forms.browse(forms.compute_period(self.company.id, PERIOD)["id"])
        self.assertIn("Se creó el formulario.", "".join(form.message_ids.mapped("body")))

    def test_recomputing_without_new_data_leaves_no_trace(self):
        self.post("sale", "33", [(1000000, "ITAX_19")])
        self.draft("sale", "33", [(1000, "ITAX_19")])
        first = self.compute()
        form = self.form(first)
        self.env.flush_all()
        self.env.cr.execute("UPDATE of_sii_f29 SET write_date = '2020-01-01'")
        self.env.cr.execute("UPDATE of_sii_f29_line SET write_date = '2020-01-01'")
        self.env.invalidate_all()
        messages = form.message_ids
        lines = form.line_ids
        self.assertEqual(self.compute(), first)
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual({str(record.write_date)[:4] for record in [form, *form.line_ids]}, {"2020"})
        self.assertEqual((form.message_ids, form.line_ids), (messages, lines))

    def test_recomputing_with_new_data_tells_each_change(self):
        self.post("sale", "33", [(1000000, "ITAX_19")])
        form = self.form(self.compute())
        kept = form.line_ids.filtered(lambda line: line.code == 537)
        self.env.flush_all()
        self.env.cr.execute("UPDATE of_sii_f29_line SET write_date = '2020-01-01'")
        self.env.invalidate_all()
        messages = len(form.message_ids)
        self.post("sale", "33", [(500000, "ITAX_19")])
        self.post("sale", "34", [(7000,)])
        self.compute()
        self.env.flush_all()
        self.assertEqual(len(form.message_ids), messages + 1)
        note = form.message_ids[0].body
        self.assertIn("Código 502: $190.000 → $285.000", note)
        self.assertIn("Código 503: 1 → 2", note)
        self.assertIn("Código 142: $0 → $7.000", note)
        self.assertNotIn("Código 537", note)
        self.assertEqual(str(kept.write_date)[:4], "2020")

    def test_code_that_no_longer_has_an_amount_goes(self):
        invoice = self.post("sale", "34", [(7000,)])
        self.assertIn("142", self.casillas())
        invoice.button_draft()
        self.assertNotIn("142", self.casillas())

    def test_manual_codes(self):
        self.post("sale", "33", [(1000000, "ITAX_19")])
        form = self.form(self.compute())
        form.input_ids = [
            (0, 0, {"code": 48, "amount": 123456, "note": "Nómina"}),
            (0, 0, {"code": 504, "amount": 90000}),
            (0, 0, {"code": 502, "amount": -19000}),
            (0, 0, {"code": 717, "amount": 19000}),
        ]
        casillas = self.casillas()
        self.assertEqual(
            {code: casillas[code] for code in ("48", "504", "502", "717", "538", "89", "62", "91")},
            {
                **{"48": 123456, "504": 90000, "502": 171000, "717": 19000, "538": 190000, "89": 100000},
                **{"62": 2500, "91": 225956},
            },
        )

    def test_manual_codes_that_cannot_be(self):
        form = self.form(self.compute())
        for code, word in ((538, "se calcula solo"), (9999, "no existe"), (0, "no existe")):
            with self.assertRaises(ValidationError) as caught, self.cr.savepoint():
                form.input_ids = [(0, 0, {"code": code, "amount": 1})]
            self.assertIn(word, str(caught.exception))

    def test_loss_suspends_the_ppm(self):
        self.post("sale", "34", [(1000000,)])
        form = self.form(self.compute())
        self.assertEqual(form.total_to_pay, 2500)
        form.input_ids = [(0, 0, {"code": 30, "amount": 5000000})]
        self.assertEqual(self.casillas()["91"], 0)

    def test_carries_the_credit_readjusted_by_utm(self):
        self.set_utm(m2026_07=43000, m2026_08=43198)
        previous = self.form(self.compute(period="2026-06"))
        previous.input_ids = [(0, 0, {"code": 504, "amount": 2500000})]
        self.assertEqual(self.compute(period="2026-06")["casillas"]["77"], 2500000)
        result = self.compute()
        self.assertEqual(result["casillas"]["504"], 2511532)  # SII's own example, FAQ 1926
        self.assertEqual(result["casillas"]["77"], 2511532)
        form = self.form(result)
        self.assertEqual((form.previous_id, form.utm_then, form.utm_now), (previous, 43000, 43198))

    def test_due_date(self):
        self.post("sale", "33", [(1000000, "ITAX_19")], date="2026-07-10")
        form = self.form(self.compute())
        self.assertEqual(str(form.due_date), "2026-08-20")
        self.company.of_sii_due_day = "12"
        self.assertEqual(str(form.due_date), "2026-08-12")
        form.due_date = "2026-08-25"  # extended by SII
        self.assertEqual(self.compute()["due_date"], "2026-08-25")

    def test_due_date_without_payment(self):
        self.assertEqual(self.compute()["due_date"], "2026-08-28")

    def test_due_date_after_a_holiday(self):
        self.env["of.sii.holiday"].create({"date": "2026-08-20", "name": "Extraordinario"})
        self.post("sale", "33", [(1000000, "ITAX_19")])
        self.assertEqual(self.compute()["due_date"], "2026-08-21")

    def test_amounts_beyond_an_integer_column(self):
        self.post("sale", "33", [(60000000000, "ITAX_19")])
        result = self.compute()
        self.assertEqual(result["casillas"]["502"], 11400000000)
        self.assertIn('<Casilla num="502">11400000000<', self.form(result).to_xml())

    def test_manual_code_may_be_written_as_text(self):
        form = self.form(self.compute())
        form.input_ids = [(0, 0, {"code": "48", "amount": 1000})]
        self.assertEqual(self.casillas()["48"], 1000)
