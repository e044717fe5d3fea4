from odoo.tests import tagged

from .common import F29Case

EXPECTED = {
    503: 2, 502: 228000, 110: 1, 111: 19001, 512: 1, 513: 1900, 509: 1, 510: 19000, 586: 1, 142: 300000, 538: 229901,
    519: 1, 520: 76000, 524: 1, 525: 57000, 527: 1, 528: 9500, 534: 1, 535: 152000, 564: 1, 521: 20000,
    584: 1, 562: 70000, 511: 123500, 514: 3800, 537: 275500,
    77: 45599, 563: 1510003, 62: 3775, 151: 29000, 595: 32775, 547: 32775, 91: 32775,
}  # fmt: skip


@tagged("post_install", "-at_install")
class TestWorkedExample(F29Case):
    """A month of every nature, from posted documents to the peso."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.post("sale", "33", [(1000000, "ITAX_19")])
        cls.post("sale", "33", [(200000, "ITAX_19")])
        cls.post("sale", "34", [(300000,)])
        cls.post("sale", "39", [(100003, "ITAX_19")], partner="consumer")
        cls.post("sale", "61", [(100000, "ITAX_19")], refund=True)
        cls.post("sale", "56", [(10000, "ITAX_19")])
        cls.post("purchase", "33", [(400000, "OTAX_19")])
        cls.post("purchase", "33", [(300000, "iva_activo_fijo")])
        cls.post("purchase", "33", [(20000, "iva_compra_no_recup")])
        cls.post("purchase", "61", [(50000, "OTAX_19")], refund=True)
        cls.post("purchase", "34", [(70000,)])
        cls.post("purchase", "71", [(200000, "I_IR2C_2025")], partner="professional")
        cls.post("purchase", "914", [(800000, "OTAX_19")], partner="treasury")

    def test_to_the_peso(self):
        result = self.compute()
        self.assertCasillas(result, EXPECTED)
        self.assertEqual(self.codes_of(result), ["fee_rate"])  # 14,5 % is not the rate of 2026
        self.assertEqual(
            {key: result[key] for key in ("period", "rut", "company", "status", "version", "ppm_rate", "due_date")},
            {
                "period": "2026-07",
                "rut": "76123456-0",
                "company": "OFITEC & Cía. SpA",
                "status": "ready",
                "version": 1,
                "ppm_rate": "0.250",
                "due_date": "2026-08-20",
            },
        )
        form = self.form(result)
        self.assertEqual((form.iva_debito, form.iva_credito, form.remanente), (229901, 275500, 45599))
