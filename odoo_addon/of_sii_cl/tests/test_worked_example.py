from odoo.tests import tagged

from .common import F29Case

EXPECTED = {
    503: 2, 502: 228000, 110: 1, 111: 19001, 512: 1, 513: 1900, 509: 1, 510: 19000, 586: 1, 142: 300000, 538: 229901,
    519: 1, 520: 76000, 524: 1, 525: 57000, 527: 1, 528: 9500, 534: 1, 535: 152000, 564: 1, 521: 20000,
    584: 1, 562: 70000, 511: 123500, 514: 3800, 537: 275500,
    77: 45599, 563: 1510003, 62: 3775, 151: 29000, 595: 32775, 547: 32775, 91: 32775,
}  # fmt: skip


class WorkedCase(F29Case):
    """A month of every nature."""

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


@tagged("post_install", "-at_install")
class TestWorkedExample(WorkedCase):
    """From posted documents to the peso."""

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

    def test_the_closing_entry_clears_every_tax_account(self):
        self.company.of_sii_closing_entry = True
        form = self.file(self.form(self.compute()))
        self.assertEqual(form.closing_move_id.state, "posted")
        self.env.flush_all()
        self.cr.execute(
            "SELECT d.name, sum(l.balance) FROM account_move_line l JOIN ir_model_data d ON d.res_id = l.account_id "
            "WHERE d.model = 'account.account' AND d.name ~ '_account_(1107|2107)' AND l.company_id = %s "
            "AND l.parent_state = 'posted' GROUP BY d.name",
            [self.company.id],
        )
        left = {name.rpartition("_")[2]: int(balance) for name, balance in self.cr.fetchall() if balance}
        # what was carried, the PPM paid in advance, and what is owed
        self.assertEqual(left, {"110720": 45599, "110740": 3775, "210760": -32775})
        by_code = {line.of_sii_f29_code: int(line.balance) for line in form.closing_move_id.line_ids}
        debits = {502: 228000, 111: 19001, 513: 1900, 510: -19000, 151: 29000, 62: 3775, 77: 45599}
        credit = {520: -76000, 525: -57000, 528: 9500, 535: -152000, 91: -32775}
        self.assertEqual(by_code, debits | credit)
