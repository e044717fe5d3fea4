from odoo.tests import tagged

from .common import PERIOD, F29Case


@tagged("post_install", "-at_install")
class TestF29Detail(F29Case):
    """What is behind each código of an open form adds up to it; and the códigos stand as the form prints them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.of_sii_common_use_factor = 0.6
        cls.post("sale", "33", [(200000, "ITAX_19"), (50000,)])
        cls.post("sale", "61", [(100000, "ITAX_19")], refund=True)
        cls.post("purchase", "33", [(100000, "OTAX_19"), (10003, "iva_compra_uso_comun")])  # IVA 1901 of common use
        cls.common = cls.post("purchase", "33", [(50001, "iva_compra_uso_comun")])
        cls.post("purchase", "61", [(10003, "iva_compra_uso_comun")], refund=True)
        cls.post("purchase", "33", [(20000, "iva_compra_no_recup")])
        cls.post("purchase", "71", [(200000, "I_IR2C_2026")], partner="professional")

    def detail(self, form, code):
        action = form.line_ids.filtered(lambda line: line.code == code).action_open_items()
        self.assertEqual(action["res_model"], "of.sii.f29.part")
        return self.env["of.sii.f29.part"].search(action["domain"])

    def test_every_code_adds_up(self):
        form = self.form(self.compute())
        form.input_ids = [
            (0, 0, {"code": 502, "amount": -1000, "note": "Ajuste"}),
            (0, 0, {"code": 48, "amount": 1200000}),
            (0, 0, {"code": 504, "amount": 7000}),
        ]
        self.compute()
        checked = []
        for line in form.line_ids.filtered(lambda line: line.source not in ("computed", "form")):
            self.assertEqual(sum(self.detail(form, line.code).mapped("amount")), line.amount, line.code)
            checked.append(line.code)
        self.assertLessEqual({502, 503, 510, 520, 519, 528, 511, 514, 521, 564, 563, 151, 48, 504, 142}, set(checked))

    def test_common_use_share_is_a_line_of_its_own(self):
        form = self.form(self.compute())
        parts = self.detail(form, 520)
        documents = parts.filtered("move_id")
        self.assertEqual(sorted(documents.mapped("amount")), [9500, 20901])
        share = parts - documents
        # 19000 + 0,6 x (1901 + 9500) = 25840,6
        self.assertEqual((len(share), sum(share.mapped("amount"))), (1, 25841 - 30401))
        self.assertIn("Uso común", share.name)
        self.assertIn("0,6", share.name)
        self.assertEqual(parts.filtered(lambda part: part.move_id == self.common).document_type, "33")

    def test_manual_part_is_a_line_of_its_own(self):
        form = self.form(self.compute())
        form.input_ids = [(0, 0, {"code": 502, "amount": -1000, "note": "Ajuste de julio"})]
        self.compute()
        manual = self.detail(form, 502).filtered(lambda part: not part.move_id)
        self.assertEqual((manual.amount, manual.name), (-1000, "Ingresado a mano: Ajuste de julio"))

    def test_what_changed_since_is_a_line_of_its_own(self):
        form = self.form(self.compute())
        self.post("sale", "33", [(1000000, "ITAX_19")])
        parts = self.detail(form, 502)
        self.assertEqual(sum(parts.mapped("amount")), 38000)
        self.assertEqual(parts.filtered(lambda part: part.amount == -190000).move_id, self.env["account.move"])

    def test_carried_credit_names_its_form(self):
        self.set_utm(m2026_07=50000, m2026_08=55000)
        before = self.form(self.compute(period="2026-06"))
        before.input_ids = [(0, 0, {"code": 504, "amount": 100000})]
        self.compute(period="2026-06")
        form = self.form(self.compute())
        parts = self.detail(form, 504)
        self.assertEqual(sum(parts.mapped("amount")), 110000)
        self.assertEqual(parts.mapped("amount"), [100000, 10000])
        self.assertIn("2026-06", parts[0].name)

    def test_opening_it_again_replaces_what_was_shown(self):
        form = self.form(self.compute())
        first = self.detail(form, 520)
        self.assertEqual(len(self.detail(form, 520)), len(first))
        self.assertFalse(first.exists())

    def test_part_opens_its_document(self):
        parts = self.detail(self.form(self.compute()), 520)
        action = parts.filtered("move_id")[0].action_open_document()
        self.assertEqual((action["res_model"], action["view_mode"]), ("account.move", "form"))

    def test_codes_stand_in_the_form_s_own_order_under_its_sections(self):
        form = self.form(self.compute(period=PERIOD))
        self.env.flush_all()
        self.env.invalidate_all()
        order = form.line_ids.mapped("code")
        wanted = [142, 503, 502, 509, 510, 538, 511, 514, 564, 521, 519, 520, 527, 528, 537, 77, 89, 151, 563, 115, 62]
        self.assertEqual([code for code in order if code in wanted], [code for code in wanted if code in order])
        sections = dict(form.line_ids._fields["section"]._description_selection(self.env))
        place = {line.code: sections[line.section] for line in form.line_ids}
        self.assertEqual(place[502], "Débitos y ventas: generan débito")
        self.assertEqual(place[520], "Créditos y compras: con derecho a crédito")
        self.assertEqual(place[151], "Impuesto a la renta: retenciones")
