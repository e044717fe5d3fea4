import base64

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import PERIOD, F29Case
from .rcv_writer import write


@tagged("post_install", "-at_install")
class TestRcvReconcile(F29Case):
    """Odoo's documents against the SII's register: equal, or each difference with its cause."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bill = cls.post("purchase", "33", [(400000, "OTAX_19"), (60000, "iva_activo_fijo")])
        cls.sale = cls.post("sale", "33", [(200000, "ITAX_19"), (50000,)])

    def row(self, move, **changed):
        """What the SII has of a document, from what the test knows of it."""
        sale = move.move_type.startswith("out")
        taxes = {"ITAX_19": 19, "OTAX_19": 19, "iva_activo_fijo": 19}
        vat = sum(abs(line.balance) for line in move.line_ids if line.tax_line_id.l10n_cl_sii_code == 14)
        fixed = self.tax("iva_activo_fijo")
        fixed_lines = move.invoice_line_ids.filtered(lambda line: fixed in line.tax_ids)
        exempt = sum(abs(line.balance) for line in move.invoice_line_ids if not line.tax_ids)
        self.assertTrue(taxes)
        return {
            "direction": "sale" if sale else "purchase",
            "type": move.l10n_latam_document_type_id.code,
            "rut": move.partner_id.vat,
            "folio": str(int(move.l10n_latam_document_number)),
            "date": move.invoice_date,
            "exempt": int(exempt),
            "net": int(abs(move.amount_untaxed_signed) - exempt),
            "vat": int(vat),
            "fixed_net": int(sum(fixed_lines.mapped("balance"))),
            "fixed_vat": int(sum(move.line_ids.filtered(lambda line: line.tax_line_id == fixed).mapped("balance"))),
            "total": int(abs(move.amount_total_signed)),
            **changed,
        }

    def load(self, section, rows, period=PERIOD):
        content = base64.b64encode(write(section, rows)).decode()
        return self.env["of.sii.rcv"].load(self.company.id, period, f"{section}.csv", content)

    def reconcile(self, sales=None, purchases=None, period=PERIOD):
        self.load("sales", [self.row(self.sale)] if sales is None else sales)
        self.load("purchases", [self.row(self.bill)] if purchases is None else purchases)
        return self.F29.reconcile(self.company.id, period)

    def only(self, result):
        self.assertEqual(len(result["differences"]), 1, result["differences"])
        return result["differences"][0]

    def test_equal_months_are_certified(self):
        form = self.form(self.compute())
        result = self.reconcile()
        self.assertEqual((result["equal"], result["differences"]), (2, []))
        self.assertEqual({pair["difference"] for pair in result["codes"].values()}, {0})
        self.assertEqual(result["codes"]["520"], {"odoo": 76000, "rcv": 76000, "difference": 0})
        self.assertEqual(result["codes"]["525"]["rcv"], 11400)
        self.assertTrue(result["certified"], result["certificate"])
        self.assertIn("2 documentos iguales", form.certificate)
        self.assertEqual(len(form.reconciled_code_ids), len(result["codes"]))

    def test_amount(self):
        row = self.only(self.reconcile(purchases=[self.row(self.bill, vat=87500, total=547500)]))
        self.assertEqual((row["kind"], row["odoo"], row["sii"]), ("amount", 547400, 547500))
        self.assertEqual(row["cause"], "Total: Odoo $547.400, SII $547.500. IVA: Odoo $87.400, SII $87.500.")
        self.assertEqual(row["folio"], str(int(self.bill.l10n_latam_document_number)))

    def test_same_amount_of_another_kind_of_iva(self):
        row = self.only(self.reconcile(purchases=[self.row(self.bill, fixed_net=0, fixed_vat=0)]))
        self.assertEqual((row["kind"], row["cause"]), ("amount", "Activo fijo: Odoo $11.400, SII $0."))

    def test_only_sii_becomes_a_draft_bill(self):
        result = self.reconcile(
            purchases=[self.row(self.bill), self.row(self.bill, folio="9001", rut="76086428-5", net=1000, vat=190,
                                                     fixed_net=0, fixed_vat=0, exempt=500, total=1690)]
        )  # fmt: skip
        row = self.only(result)
        self.assertEqual(
            (row["kind"], row["odoo"], row["sii"], row["cause"]), ("only_sii", None, 1690, "No está en Odoo.")
        )
        form = self.form(self.compute())
        action = form.difference_ids.action_make_bill()
        bill = self.env["account.move"].browse(action["res_id"])
        self.assertEqual((bill.state, bill.amount_total, bill.partner_id), ("draft", 1690, self.partners["customer"]))
        self.assertEqual(int(bill.l10n_latam_document_number), 9001)
        row = self.only(self.F29.reconcile(self.company.id, PERIOD))
        self.assertEqual((row["kind"], row["cause"]), ("only_sii", "En Odoo está en borrador: publíquelo."))
        bill.action_post()
        self.assertEqual(self.F29.reconcile(self.company.id, PERIOD)["differences"], [])

    def test_only_odoo_and_where_the_sii_has_it(self):
        self.load("sales", [self.row(self.sale)])
        self.load("purchases", [self.row(self.sale, direction="purchase", folio="77")])
        for section, vals, cause in (
            ("pending", {"received": "05/08/2026 10:00:00"}, "quedan 3 días para reclamar"),
            ("pending", {"received": "01/07/2026 10:00:00"}, "plazo de reclamo vencido"),
            ("claimed", {}, "reclamado"),
            ("not_included", {}, "No incluir"),
        ):
            self.load(section, [self.row(self.bill, **vals)])
            rows = self.F29.reconcile(self.company.id, PERIOD)["differences"]
            row = next(row for row in rows if row["move_id"] == self.bill.id)
            self.assertEqual((row["kind"], row["odoo"], row["sii"]), ("only_odoo", 547400, None))
            self.assertIn(cause, row["cause"])
            self.env["of.sii.rcv"].search([("section", "=", section)]).unlink()
        rows = self.F29.reconcile(self.company.id, PERIOD)["differences"]
        self.assertEqual(
            {(row["kind"], row["cause"]) for row in rows},
            {("only_odoo", "El SII no lo tiene."), ("only_sii", "No está en Odoo.")},
        )

    def test_other_month_on_either_side(self):
        june = self.post("purchase", "33", [(1000, "OTAX_19")], date="2026-06-20")
        self.load("purchases", [self.row(self.bill)], period="2026-06")
        rows = self.reconcile(purchases=[self.row(june)])["differences"]
        self.assertEqual(
            {(row["kind"], row["move_id"], row["cause"]) for row in rows},
            {
                ("other_period", june.id, "En Odoo está en 2026-06."),
                ("other_period", self.bill.id, "El SII lo tiene en 2026-06."),
            },
        )

    def test_cancelled_in_odoo(self):
        gone = self.post("purchase", "33", [(1000, "OTAX_19")])
        row = self.row(gone)
        gone.button_draft()
        gone.button_cancel()
        row = self.only(self.reconcile(purchases=[self.row(self.bill), row]))
        self.assertEqual((row["kind"], row["odoo"], row["sii"]), ("only_sii", None, 1190))
        self.assertIn("anulado", row["cause"])

    def test_credit_note_over_three_months(self):
        old = self.post("sale", "33", [(1000, "ITAX_19")], date="2026-03-01")
        note = self.row(self.sale, type="61", folio="5", net=1000, vat=190, exempt=0, total=1190)
        note |= {"reference_type": "33", "reference_folio": str(int(old.l10n_latam_document_number))}
        row = self.only(self.reconcile(sales=[self.row(self.sale), note]))
        self.assertEqual(row["kind"], "only_sii")
        self.assertIn("más de tres meses", row["cause"])

    def test_boletas_and_vouchers_by_their_totals(self):
        self.post("sale", "39", [(100000, "ITAX_19")], partner="consumer")
        form = self.form(self.compute())
        self.assertEqual(self.reconcile()["missing"], ["summary"])
        self.assertIn("resumen de ventas", form.certificate)
        self.load("summary", [
            {"type": "39", "documents": 1, "net": 100000, "vat": 19000, "total": 119000},
            {"type": "48", "documents": 9, "net": 50000, "vat": 9500, "total": 59500},
        ])  # fmt: skip
        result = self.F29.reconcile(self.company.id, PERIOD)
        self.assertEqual(result["codes"]["111"], {"odoo": 19000, "rcv": 19000, "difference": 0})
        self.assertEqual(result["codes"]["759"], {"odoo": 0, "rcv": 9500, "difference": -9500})
        self.assertFalse(result["certified"])
        form.invalidate_recordset()
        self.assertTrue(form.has_vouchers)
        form.action_take_vouchers()
        casillas = self.casillas()
        self.assertEqual((casillas["758"], casillas["759"], casillas["563"]), (9, 9500, 250000 + 100000 + 50000))
        self.assertTrue(form.certified, form.certificate)
        with self.assertRaises(UserError):
            form.action_take_vouchers()

    def test_honorarios(self):
        fee = self.post("purchase", "71", [(200000, "I_IR2C_2026")], partner="professional")
        self.compute()
        self.assertEqual(self.reconcile()["missing"], ["honorarios"])
        row = {"folio": str(int(fee.l10n_latam_document_number)), "date": fee.invoice_date, "rut": "12345678-5",
               "net": 200000, "withheld": 30500, "total": 169500}  # fmt: skip
        self.load("honorarios", [row])
        result = self.F29.reconcile(self.company.id, PERIOD)
        self.assertEqual((result["equal"], result["differences"]), (3, []))
        self.assertEqual(result["codes"]["151"], {"odoo": 30500, "rcv": 30500, "difference": 0})
        self.assertTrue(result["certified"], result["certificate"])

    def test_a_form_that_was_not_recomputed_is_not_certified(self):
        form = self.form(self.compute())
        late = self.post("sale", "34", [(7000,)])
        result = self.reconcile(sales=[self.row(self.sale), self.row(late)])
        self.assertEqual(result["differences"], [])
        self.assertIn("El formulario no dice", result["certificate"])
        form.action_compute()
        form.invalidate_recordset()
        self.assertTrue(form.certified, form.certificate)

    def test_a_filed_month_is_compared_as_it_was_filed(self):
        form = self.form(self.compute())
        self.file(form)
        self.post("sale", "34", [(7000,)])
        result = self.reconcile()
        self.assertEqual((result["equal"], result["differences"]), (2, []))
        self.assertTrue(result["certified"], result["certificate"])

    def test_only_what_is_loaded_is_compared(self):
        with self.assertRaisesRegex(UserError, "No hay registro"):
            self.F29.reconcile(self.company.id, PERIOD)
        self.load("sales", [self.row(self.sale)])
        result = self.F29.reconcile(self.company.id, PERIOD)
        self.assertEqual((result["equal"], result["differences"]), (1, []))
        self.assertNotIn("520", result["codes"])
        self.assertFalse(result["certified"])
        self.assertIn("Falta cargar: compras (registro)", result["certificate"])

    def test_rights(self):
        self.reconcile()
        users = {
            name: new_test_user(
                self.env, f"rec_{name}", groups=f"base.group_user,{group}",
                company_id=self.company.id, company_ids=[(6, 0, self.company.ids)],
            )
            for name, group in {
                "employee": "base.group_user", "reader": "account.group_account_readonly",
                "robot": "of_sii_cl.group_f29_compute",
            }.items()
        }  # fmt: skip
        with self.assertRaises(AccessError):
            self.F29.with_user(users["employee"]).reconcile(self.company.id, PERIOD)
        for name in ("reader", "robot"):
            self.assertEqual(self.F29.with_user(users[name]).reconcile(self.company.id, PERIOD)["equal"], 2)
        form = self.form(self.compute()).with_user(users["reader"])
        self.assertIn("Certificado", form.certificate)
        self.assertTrue(form.reconciled_code_ids.mapped("odoo"))
