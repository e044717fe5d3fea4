import base64

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import PERIOD, F29Case
from .rcv_writer import write


@tagged("post_install", "-at_install")
class TestRcvPeriod(F29Case):
    """The month in which a document is declared: by its dates, until the SII or a person says another."""

    def load(self, section, moves, period=PERIOD, **vals):
        rows = [
            {
                "type": "33",
                "rut": move.partner_id.vat,
                "folio": str(int(move.l10n_latam_document_number)),
                "date": move.invoice_date,
                "net": int(move.amount_untaxed),
                "vat": int(move.amount_tax),
                "total": int(move.amount_total),
                **vals,
            }
            for move in moves
        ]
        content = base64.b64encode(write(section, rows)).decode()
        return self.env["of.sii.rcv"].load(self.company.id, period, f"{section}.csv", content)

    def bill(self, net, date=f"{PERIOD}-15", **vals):
        return self.post("purchase", "33", [(net, "OTAX_19")], date=date, **vals)

    def test_default_is_that_of_the_dates(self):
        bill = self.bill(1000, date="2026-07-02", invoice_date="2026-06-30")
        self.assertEqual(bill.of_sii_period, "2026-07")
        sale = self.post("sale", "33", [(1000, "ITAX_19")], date="2026-06-30")
        self.assertEqual(sale.of_sii_period, "2026-06")
        self.assertEqual(self.casillas()["520"], 190)

    def test_a_bill_that_the_sii_already_has_goes_to_its_month(self):
        known = self.draft("purchase", "33", [(1000, "OTAX_19")], date="2026-06-28")
        self.load("purchases", [known], period="2026-07")
        known.action_post()
        self.assertEqual(known.of_sii_period, "2026-07")
        for received, period in (("23/07/2026 10:00:00", "2026-07"), ("24/07/2026 10:00:00", "2026-08")):
            pending = self.draft("purchase", "33", [(1000, "OTAX_19")])
            self.load("pending", [pending], received=received)
            pending.action_post()
            self.assertEqual(pending.of_sii_period, period, received)

    def test_accept_the_months_of_the_sii(self):
        here, gone, june = self.bill(100000), self.bill(7000), self.bill(30000, date="2026-06-20")
        self.load("purchases", [here, june])
        self.load("purchases", [gone], period="2026-06")
        form = self.form(self.compute())
        self.assertEqual(form.iva_credito, 20330)
        self.assertTrue(form.has_sii_months)
        wizard = self.env["of.sii.rcv.accept.wizard"].browse(form.action_accept_sii_months()["res_id"])
        self.assertIn("Código 520: $20.330 → $24.700", wizard.changes)
        self.assertNotIn("Código 519", wizard.changes)
        self.assertEqual({line.rpartition(": ")[2] for line in wizard.documents.split("\n")}, {
            "2026-06 → 2026-07", "2026-07 → 2026-06",
        })  # fmt: skip
        self.assertEqual((gone.of_sii_period, june.of_sii_period), ("2026-07", "2026-06"))
        self.assertEqual(self.casillas()["520"], 20330)
        wizard.action_accept()
        self.assertEqual((gone.of_sii_period, june.of_sii_period), ("2026-06", "2026-07"))
        self.assertEqual((self.casillas()["520"], form.iva_credito), (24700, 24700))
        form.invalidate_recordset()
        self.assertFalse(form.difference_ids)
        self.assertFalse(form.has_sii_months or form.has_differences or form.has_pending)
        self.assertIn("2 documentos llevados al mes del SII.", form.message_ids.mapped("body")[1])
        self.assertEqual(self.casillas(period="2026-06")["520"], 1330)

    def test_what_is_declared_stays_where_it_is(self):
        bill = self.bill(100000, date="2026-06-20")
        self.file(self.form(self.compute("2026-06")))
        with self.assertRaisesRegex(UserError, "ya se declaró en 2026-06"):
            bill.of_sii_period = "2026-07"
        self.load("purchases", [bill])
        form = self.form(self.compute())
        self.assertEqual(form.difference_ids.kind, "other_period")
        with self.assertRaisesRegex(UserError, "No hay documentos"):
            form.action_accept_sii_months()
        late = self.bill(5000)
        with self.assertRaisesRegex(UserError, "aprobado o declarado"):
            late.of_sii_period = "2026-06"

    def test_a_purchase_of_a_later_month_is_no_news_of_its_own(self):
        later = self.bill(5000)
        later.of_sii_period = "2026-08"
        form = self.form(self.compute())
        self.assertNotIn("520", self.casillas())
        self.file(form)
        self.assertFalse(form.late_ids)
        self.assertEqual(form.read_period(self.company.id, PERIOD)["filed"]["late"], [])

    def test_wrong_month_is_refused(self):
        with self.assertRaisesRegex(UserError, "AAAA-MM"):
            self.bill(1000).of_sii_period = "agosto"
