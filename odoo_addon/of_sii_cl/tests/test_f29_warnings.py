from odoo.tests import tagged

from .common import PERIOD, F29Case


@tagged("post_install", "-at_install")
class TestF29Warnings(F29Case):
    """What the form cannot know is said, in Spanish, with figures."""

    def own_tax(self, **vals):
        group = self.tax("ITAX_19").tax_group_id
        return self.env["account.tax"].create(
            {
                "name": "Propio",
                "company_id": self.company.id,
                "amount_type": "percent",
                "tax_group_id": group.id,
                "country_id": self.env.ref("base.cl").id,
                **vals,
            }
        )

    def assertWarned(self, result, code, *words):
        messages = [warning["message"] for warning in result["warnings"] if warning["code"] == code]
        self.assertEqual(len(messages), 1, result["warnings"])
        for word in words:
            self.assertIn(word, messages[0])

    def test_clean_month_has_no_warning(self):
        self.post("sale", "33", [(1000000, "ITAX_19")])
        self.post("purchase", "33", [(1000, "OTAX_19")])
        self.assertEqual(self.compute()["warnings"], [])

    def test_unmapped_tax_of_sale_and_purchase(self):
        reduced = self.own_tax(amount=10, type_tax_use="sale", l10n_cl_sii_code=14)
        self.post("sale", "33", [(50000, reduced), (30000, reduced)])
        result = self.compute()
        self.assertWarned(result, "unmapped_tax", "Propio", "$8.000", "1 documento")
        self.assertEqual(result["casillas"]["538"], 0)

    def test_own_tax_like_one_of_the_chart_needs_no_map(self):
        copy = self.tax("ITAX_19").copy({"name": "IVA propio"})
        plain = self.tax("OTAX_19").copy({"name": "IVA compra propio"})
        no_credit = self.tax("iva_compra_no_recup").copy({"name": "IVA sin crédito propio"})
        self.post("sale", "33", [(100000, copy)])
        self.post("purchase", "33", [(10000, plain)])
        self.post("purchase", "33", [(20000, no_credit)])
        result = self.compute()
        self.assertEqual(result["casillas"]["502"], 19000)
        self.assertEqual((result["casillas"]["520"], result["casillas"].get("525")), (1900, None))
        # two taxes of the chart have this account, so the form does not guess
        self.assertWarned(result, "unmapped_tax", "IVA sin crédito propio", "$3.800")

    def test_own_fee_withholding_of_a_coming_year(self):
        fee = self.own_tax(amount=-16, type_tax_use="purchase", l10n_cl_sii_code=15)
        self.post("purchase", "71", [(100000, fee)], partner="professional")
        result = self.compute()
        self.assertEqual((result["casillas"]["151"], self.codes_of(result)), (16000, ["fee_rate"]))

    def test_own_tax_without_rate_is_exempt(self):
        exempt = self.own_tax(amount=0, type_tax_use="sale")
        self.post("sale", "34", [(70000, exempt)])
        result = self.compute()
        self.assertEqual((result["casillas"]["586"], result["casillas"]["142"]), (1, 70000))
        self.assertEqual(result["warnings"], [])

    def test_own_tax_with_a_row_of_its_own(self):
        not_giro = self.tax("ITAX_19").copy({"name": "IVA no giro"})
        for what, code in (("count", 716), ("tax", 717)):
            self.env["of.sii.f29.map"].create(
                {"tax_id": not_giro.id, "direction": "sale", "doc_codes": "33", "what": what, "code": code}
            )
        self.post("sale", "33", [(100000, not_giro)])
        casillas = self.casillas()
        self.assertEqual((casillas["716"], casillas["717"], casillas["538"]), (1, 19000, 19000))
        self.assertNotIn("502", casillas)

    def test_group_of_taxes_counts_as_its_children(self):
        group = self.own_tax(
            name="Grupo",
            amount=0,
            amount_type="group",
            type_tax_use="purchase",
            children_tax_ids=[(6, 0, (self.tax("OTAX_19") | self.tax("I_RTI")).ids)],
        )
        self.post("purchase", "46", [(100000, group)])
        result = self.compute()
        self.assertEqual(
            {code: result["casillas"][code] for code in ("519", "520", "39")}, {"519": 1, "520": 19000, "39": 19000}
        )
        self.assertEqual(result["warnings"], [])

    def test_document_type_that_does_not_take_the_tax(self):
        self.post("purchase", "39", [(10000, "OTAX_19")], partner="consumer")
        result = self.compute()
        self.assertWarned(result, "unmapped_document", "39", "$1.900")
        self.assertEqual(result["casillas"]["537"], 0)

    def test_export_with_iva(self):
        self.post("sale", "110", [(100000, "ITAX_19")], partner="foreign")
        result = self.compute()
        self.assertWarned(result, "export_with_iva", "110", "$19.000")
        self.assertEqual((result["casillas"]["538"], result["casillas"].get("20")), (0, None))

    def test_document_without_type(self):
        bills = self.env["account.journal"].search(
            [("company_id", "=", self.company.id), ("type", "=", "purchase")], limit=1
        )
        journal = self.env["account.journal"].create(
            {
                "default_account_id": bills.default_account_id.id,
                "name": "Sin documentos",
                "code": "SD",
                "type": "purchase",
                "company_id": self.company.id,
                "l10n_latam_use_documents": False,
            }
        )
        move = self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "journal_id": journal.id,
                "partner_id": self.partners["supplier"].id,
                "invoice_date": f"{PERIOD}-10",
                "date": f"{PERIOD}-10",
                "invoice_line_ids": [(0, 0, self.line(self.company, 100000, "OTAX_19"))],
            }
        )
        move.action_post()
        result = self.compute()
        self.assertWarned(result, "missing_doc_type", "1 documento", "$119.000")
        self.assertEqual(result["casillas"]["537"], 0)

    def test_iva_outside_documents(self):
        tax = self.tax("ITAX_19")
        repartition = tax.invoice_repartition_line_ids.filtered(lambda line: line.repartition_type == "tax")
        general = self.env["account.journal"].search(
            [("company_id", "=", self.company.id), ("type", "=", "general")], limit=1
        )
        account = repartition.account_id
        # as a point of sale's session makes it: the tax items are given, not made from net items
        entry = (
            self.env["account.move"]
            .with_context(skip_invoice_sync=True)
            .create(
                {
                    "journal_id": general.id,
                    "date": f"{PERIOD}-20",
                    "line_ids": [
                        (0, 0, {"account_id": account.id, "credit": 1900, "tax_repartition_line_id": repartition.id}),
                        (0, 0, {"account_id": account.id, "debit": 1900}),
                    ],
                }
            )
        )
        entry.action_post()
        self.assertWarned(self.compute(), "vat_outside_documents", "$1.900")

    def test_fuel_tax_is_left_to_a_person(self):
        self.post("purchase", "33", [(100000, "OTAX_19", "especifico_compra")])
        result = self.compute()
        self.assertWarned(result, "manual_tax", "$63.000")
        self.assertEqual(result["casillas"]["537"], 19000)

    def test_drafts(self):
        self.draft("sale", "33", [(1000, "ITAX_19")])
        self.draft("purchase", "33", [(1000, "OTAX_19")], date="2026-08-01")
        self.assertWarned(self.compute(), "draft_documents", "1 documento")

    def test_missing_ppm_rate(self):
        self.company.of_sii_ppm_rate = 0
        self.post("sale", "34", [(100000,)])
        result = self.compute()
        self.assertWarned(result, "missing_ppm_rate", "$100.000", "115")
        self.assertEqual((result["casillas"]["91"], result["ppm_rate"]), (0, "0.000"))

    def test_missing_utm(self):
        self.env["of.sii.utm"].search([]).unlink()
        previous = self.form(self.compute(period="2026-06"))
        previous.input_ids = [(0, 0, {"code": 504, "amount": 2500000})]
        self.compute(period="2026-06")
        result = self.compute()
        self.assertWarned(result, "missing_utm", "2026-07", "2026-08", "$2.500.000")
        self.assertEqual(result["casillas"]["504"], 2500000)
        self.env["of.sii.utm"].create({"month": "2026-07", "value": 43000})
        self.assertWarned(self.compute(), "missing_utm", "2026-08")

    def test_missing_common_use_factor(self):
        self.post("purchase", "33", [(10000, "iva_compra_uso_comun")])
        result = self.compute()
        self.assertWarned(result, "missing_common_use_factor", "factor")
        self.assertEqual((result["casillas"]["537"], result["casillas"]["514"]), (0, 1900))

    def test_more_exempt_credit_notes_than_sales(self):
        self.post("sale", "61", [(50000,)], refund=True)
        result = self.compute()
        messages = [warning["message"] for warning in result["warnings"] if warning["code"] == "negative_amount"]
        self.assertEqual(len(messages), 2)
        self.assertIn("-$50.000", messages[0])
        self.assertNotIn("142", result["casillas"])

    def test_warnings_are_kept_on_the_form(self):
        self.draft("sale", "33", [(1000, "ITAX_19")])
        result = self.compute()
        form = self.form(result)
        self.assertEqual(form.warning_ids.mapped("message"), [warning["message"] for warning in result["warnings"]])
        self.assertTrue(form.has_warnings)
        self.assertIn("borrador", form.warning_text)
