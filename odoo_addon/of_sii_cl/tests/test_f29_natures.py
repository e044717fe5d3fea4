from odoo.tests import tagged

from .common import PERIOD, F29Case


@tagged("post_install", "-at_install")
class TestF29Natures(F29Case):
    """Each nature of document, alone in the month, feeds its códigos to the peso."""

    def test_sales_credit_note_is_positive_in_its_own_code(self):
        self.post("sale", "33", [(1000000, "ITAX_19")])
        self.post("sale", "61", [(300000, "ITAX_19")], refund=True)
        self.assertCasillas(
            self.compute(),
            {
                **{503: 1, 502: 190000, 509: 1, 510: 57000, 538: 133000, 89: 133000},
                **{563: 700000, 62: 1750, 595: 134750, 547: 134750, 91: 134750},
            },
        )

    def test_purchase_credit_and_debit_notes(self):
        self.post("purchase", "33", [(500000, "OTAX_19")])
        self.post("purchase", "61", [(100000, "OTAX_19")], refund=True)
        self.post("purchase", "56", [(20000, "OTAX_19")])
        self.assertCasillas(
            self.compute(),
            {
                **{519: 1, 520: 95000, 527: 1, 528: 19000, 531: 1, 532: 3800, 511: 79800, 537: 79800},
                77: 79800,
            },
        )

    def test_exempt_credit_note_reduces_exempt_sales_and_is_counted_there(self):
        self.post("sale", "34", [(300000,)])
        self.post("sale", "61", [(100000,)], refund=True)
        casillas = self.casillas()
        self.assertEqual((casillas["586"], casillas["142"], casillas["563"]), (2, 200000, 200000))
        self.assertNotIn("509", casillas)

    def test_mixed_invoice_gives_its_exempt_net_but_no_exempt_count(self):
        self.post("sale", "33", [(200000, "ITAX_19"), (50000,)])
        self.post("sale", "61", [(100000, "ITAX_19"), (20000,)], refund=True)
        casillas = self.casillas()
        self.assertEqual(casillas["142"], 30000)
        self.assertEqual((casillas["503"], casillas["502"], casillas["509"], casillas["510"]), (1, 38000, 1, 19000))
        self.assertEqual(casillas["563"], 130000)
        self.assertNotIn("586", casillas)

    def test_iva_of_a_document_is_what_was_posted_and_not_a_percent_of_the_total(self):
        for _unused in range(3):
            self.post("sale", "33", [(1003, "ITAX_19"), (1003, "ITAX_19"), (1003, "ITAX_19")])
        # 3009 x 19 % = 571,71 -> 572 a document; 19 % of the month's 9027 would be 1715.
        self.assertEqual(self.casillas()["502"], 3 * 572)

    def test_foreign_currency_counts_in_pesos(self):
        usd = self.env.ref("base.USD")
        usd.active = True
        self.env["res.currency.rate"].create(
            {
                "currency_id": usd.id,
                "company_id": self.company.id,
                "name": f"{PERIOD}-01",
                "inverse_company_rate": 950,
            }
        )
        self.post("sale", "33", [(100, "ITAX_19")], currency_id=usd.id)
        self.post("sale", "110", [(2000,)], partner="foreign", currency_id=usd.id)
        casillas = self.casillas()
        self.assertEqual((casillas["502"], casillas["585"], casillas["20"]), (18050, 1, 1900000))
        self.assertEqual(casillas["563"], 95000 + 1900000)

    def test_customs_declarations(self):
        self.post("purchase", "914", [(800000, "OTAX_19")], partner="treasury")
        self.post("purchase", "914", [(100000, "iva_activo_fijo")], partner="treasury")
        self.post("purchase", "914", [(10000, "iva_compra_no_recup")], partner="treasury")
        casillas = self.casillas()
        self.assertEqual(
            {code: casillas[code] for code in ("534", "535", "536", "553", "566", "560", "537")},
            {"534": 1, "535": 152000, "536": 1, "553": 19000, "566": 1, "560": 10000, "537": 171000},
        )
        self.assertNotIn("511", casillas)

    def test_factura_de_compra_with_total_withholding(self):
        self.post("purchase", "46", [(150000, "OTAX_19", "I_RTI")])
        self.post("purchase", "61", [(50000, "OTAX_19", "I_RTI")], refund=True)
        self.assertCasillas(
            self.compute(),
            {
                **{519: 1, 520: 28500, 527: 1, 528: 9500, 511: 19000, 537: 19000, 77: 19000},
                **{39: 28500, 736: 9500, 596: 19000, 547: 19000, 91: 19000},
            },
        )

    def test_supermarket_fixed_asset_and_their_credit_notes(self):
        self.post("purchase", "33", [(10000, "iva_supermercado_recup")])
        self.post("purchase", "33", [(100000, "iva_activo_fijo")])
        self.post("purchase", "61", [(20000, "iva_activo_fijo")], refund=True)
        casillas = self.casillas()
        self.assertEqual(
            {code: casillas[code] for code in ("761", "762", "524", "525", "527", "528", "511", "537")},
            {"761": 1, "762": 1900, "524": 1, "525": 19000, "527": 1, "528": 3800, "511": 17100, "537": 17100},
        )

    def test_invoice_of_two_natures_counts_once_in_each(self):
        self.post("purchase", "33", [(100000, "OTAX_19"), (50000, "OTAX_19"), (200000, "iva_activo_fijo")])
        casillas = self.casillas()
        self.assertEqual(
            {code: casillas[code] for code in ("519", "520", "524", "525")},
            {"519": 1, "520": 28500, "524": 1, "525": 38000},
        )

    def test_non_recoverable_iva_gives_no_credit(self):
        self.post("purchase", "33", [(20000, "iva_compra_no_recup")])
        self.post("purchase", "33", [(30000, "iva_activo_fijo_uso_no_recup")])
        self.post("purchase", "61", [(5000, "iva_compra_no_recup")], refund=True)
        self.assertCasillas(self.compute(), {564: 3, 521: 45000, 514: 8550})

    def test_common_use_gives_its_share_and_the_rest_is_without_credit(self):
        self.company.of_sii_common_use_factor = 0.6
        self.post("purchase", "33", [(100000, "OTAX_19")])
        self.post("purchase", "33", [(10003, "iva_compra_uso_comun")])  # IVA 1901
        self.post("purchase", "33", [(50000, "iva_activo_fijo_uso_comun")])  # IVA 9500
        casillas = self.casillas()
        self.assertEqual(
            {code: casillas[code] for code in ("519", "520", "524", "525", "511", "514", "537")},
            {"519": 2, "520": 20141, "524": 1, "525": 5700, "511": 25841, "514": 4560, "537": 25841},
        )

    def test_fees_by_month_of_the_document(self):
        self.post("purchase", "71", [(200000, "I_IR2C_2026")], partner="professional")
        self.post("purchase", "71", [(100000, "I_IR2C_2025")], partner="professional")
        self.assertCasillas(self.compute(), {151: 45000, 595: 45000, 547: 45000, 91: 45000})

    def test_sale_counts_by_invoice_date_and_purchase_by_accounting_date(self):
        self.post("purchase", "33", [(100000, "OTAX_19")], invoice_date="2026-06-28")
        self.post("purchase", "33", [(900000, "OTAX_19")], date="2026-08-01", invoice_date="2026-07-31")
        self.post("sale", "33", [(100000, "ITAX_19")], date="2026-06-30")
        self.post("sale", "33", [(200000, "ITAX_19")], date="2026-07-31")
        casillas = self.casillas()
        self.assertEqual((casillas["520"], casillas["502"]), (19000, 38000))

    def test_cancelled_and_draft_documents_do_not_count(self):
        self.post("sale", "33", [(100000, "ITAX_19")])
        cancelled = self.post("sale", "33", [(200000, "ITAX_19")])
        cancelled.button_draft()
        cancelled.button_cancel()
        self.draft("sale", "33", [(400000, "ITAX_19")])
        casillas = self.casillas()
        self.assertEqual((casillas["503"], casillas["502"]), (1, 19000))

    def test_additional_taxes_on_sales(self):
        self.post("sale", "33", [(100000, "ITAX_19", "ila_l_315_s"), (50000, "ITAX_19", "ila_a_100_s")])
        self.post("sale", "61", [(20000, "ITAX_19", "ila_l_315_s")], refund=True)
        casillas = self.casillas()
        self.assertEqual(
            {code: casillas[code] for code in ("577", "146", "546", "506", "502", "563")},
            {"577": 31500, "146": 5000, "546": 6300, "506": 30200, "502": 28500, "563": 130000},
        )
