from odoo.tests import tagged

from .common import PERIOD, F29Case


@tagged("post_install", "-at_install")
class TestF29Documents(F29Case):
    """One row a document, as the tax authority's register has them; and the items behind each código."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.of_sii_common_use_factor = 0.5
        cls.sale = cls.post("sale", "33", [(200000, "ITAX_19"), (50000,)])
        cls.sale_refund = cls.post("sale", "61", [(100000, "ITAX_19")], refund=True)
        cls.post("sale", "34", [(300000,)])
        cls.post("sale", "61", [(40000,)], refund=True)
        cls.post("sale", "39", [(100003, "ITAX_19")], partner="consumer")
        cls.post("sale", "110", [(77000,)], partner="foreign")
        cls.purchase = cls.post("purchase", "33", [(400000, "OTAX_19"), (60000, "iva_activo_fijo")])
        cls.purchase_refund = cls.post("purchase", "61", [(50000, "OTAX_19")], refund=True)
        cls.withheld = cls.post("purchase", "46", [(150000, "OTAX_19", "I_RTI")])
        cls.post("purchase", "33", [(20000, "iva_compra_no_recup")])
        cls.post("purchase", "33", [(10000, "iva_compra_uso_comun")])
        cls.post("purchase", "34", [(70000,)])
        cls.post("purchase", "61", [(5000,)], refund=True)
        cls.fee = cls.post("purchase", "71", [(200000, "I_IR2C_2026")], partner="professional")
        cls.post("purchase", "914", [(800000, "OTAX_19")], partner="treasury")
        cls.post("sale", "33", [(1, "ITAX_19")], date="2026-06-30")

    def rows(self):
        return {row["move_id"]: row for row in self.F29.documents(self.company.id, PERIOD)}

    def test_rows(self):
        rows = self.rows()
        self.assertEqual(len(rows), 15)
        self.assertEqual(
            rows[self.sale.id],
            {
                "move_id": self.sale.id,
                "direction": "sale",
                "type": "33",
                "folio": str(int(self.sale.l10n_latam_document_number)),
                "rut": "76086428-5",
                "name": "Test customer",
                "date": "2026-07-15",
                "refund": False,
                "net": 200000,
                "exempt": 50000,
                "iva": 38000,
                "total": 288000,
                "codes": ["142", "502", "503", "563"],
            },
        )

    def test_credit_notes_are_positive(self):
        rows = self.rows()
        for move, net, iva, codes in (
            (self.sale_refund, 100000, 19000, ["509", "510", "563"]),
            (self.purchase_refund, 50000, 9500, ["511", "527", "528"]),
        ):
            row = rows[move.id]
            self.assertTrue(row["refund"])
            self.assertEqual((row["net"], row["iva"], row["total"], row["codes"]), (net, iva, net + iva, codes))

    def test_withholdings(self):
        rows = self.rows()
        row = rows[self.withheld.id]
        self.assertEqual((row["net"], row["iva"], row["total"]), (150000, 28500, 150000))
        self.assertEqual(row["codes"], ["39", "511", "519", "520"])
        row = rows[self.fee.id]
        self.assertEqual((row["type"], row["iva"], row["total"], row["codes"]), ("71", 0, 169500, ["151"]))

    def test_documents_add_up_to_the_form(self):
        rows, casillas = self.rows().values(), self.casillas()
        debits = sum(row["iva"] * (-1 if row["refund"] else 1) for row in rows if row["direction"] == "sale")
        self.assertEqual(debits, casillas["538"])
        for code in ("503", "509", "519", "527", "586", "584", "534", "585"):
            self.assertEqual(sum(code in row["codes"] for row in rows), casillas[code], code)

    def test_group_of_taxes_is_no_exempt_net(self):
        group = self.env["account.tax"].create(
            {
                "name": "Grupo",
                "company_id": self.company.id,
                "amount": 0,
                "amount_type": "group",
                "type_tax_use": "purchase",
                "children_tax_ids": [(6, 0, (self.tax("OTAX_19") | self.tax("I_RTI")).ids)],
                "tax_group_id": self.tax("OTAX_19").tax_group_id.id,
                "country_id": self.env.ref("base.cl").id,
            }
        )
        bill = self.post("purchase", "46", [(100000, group), (7000,)])
        row = self.rows()[bill.id]
        self.assertEqual((row["net"], row["exempt"], row["iva"]), (100000, 7000, 19000))

    def test_computed_code_has_no_items(self):
        form = self.form(self.compute())
        line = form.line_ids.filtered(lambda line: line.code == 538)
        action = line.action_open_items()
        self.assertFalse(self.env[action["res_model"]].search(action["domain"]))
