import base64
import io
import zipfile

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import PERIOD, F29Case
from .rcv_writer import write

COMPANY_RUT, PERSON_RUT = "96790240-3", "12345678-5"


@tagged("post_install", "-at_install")
class TestRcvRead(F29Case):
    """The last comparison as it is kept, for accountants and for the robot that delivers it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.robot = new_test_user(
            cls.env,
            "rcv_robot",
            groups="base.group_portal,of_sii_cl.group_f29_compute",
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
        )
        cls.day = fields.Date.to_date(f"{PERIOD}-10")

    def row(self, rut, folio, name):
        amounts = {"net": 100000, "vat": 19000, "total": 119000}
        return {"type": "33", "rut": rut, "folio": folio, "name": name, "date": self.day, **amounts}

    def load(self, section, rows):
        content = base64.b64encode(write(section, rows)).decode()
        self.env["of.sii.rcv"].load(self.company.id, PERIOD, f"{section}.csv", content)

    def read_as(self, user, period=PERIOD):
        return self.env["of.sii.rcv.reconciliation"].with_user(user).read_reconciliation(self.company.id, period)

    def compared(self):
        self.load(
            "purchases", [self.row(COMPANY_RUT, "71", "Proveedor SpA"), self.row(PERSON_RUT, "72", "Juana Soto Rojas")]
        )
        self.F29.reconcile(self.company.id, PERIOD)

    def everything(self, answer):
        """All that an answer and its files say."""
        book = zipfile.ZipFile(io.BytesIO(base64.b64decode(answer["files"]["xlsx"])))
        return repr(answer) + "".join(book.read(name).decode() for name in book.namelist())

    def test_none_before_anything_was_compared(self):
        self.assertIsNone(self.read_as(self.robot))
        self.load("purchases", [])
        self.assertIsNone(self.read_as(self.robot))

    def test_the_robot_reads_counts_and_documents_and_nobodys_name(self):
        self.compared()
        answer = self.read_as(self.robot)
        self.assertEqual((answer["certified"], answer["behind"], answer["equal"]), (False, False, 0))
        self.assertIn("2 documentos solo en el SII", answer["certificate"])
        self.assertEqual(answer["codes"]["520"], {"odoo": 0, "rcv": 38000, "difference": -38000})
        shown = [(row["kind"], row["folio"], row["rut"], row["odoo"], row["sii"]) for row in answer["differences"]]
        self.assertEqual(shown, [("only_sii", "71", COMPANY_RUT, None, 119000), ("only_sii", "72", "", None, 119000)])
        self.assertIn(
            f"compra,,33,71,{COMPANY_RUT},,119000,-119000,Solo en el SII. No está en Odoo.", answer["files"]["csv"]
        )
        said = self.everything(answer)
        for personal in (PERSON_RUT, "Juana", "Proveedor SpA"):
            self.assertNotIn(personal, said)

    def test_an_accountant_reads_whose_they_are(self):
        self.compared()
        said = self.everything(self.read_as(self.env.ref("base.user_admin")))
        for known in (PERSON_RUT, COMPANY_RUT, "Juana Soto Rojas"):
            self.assertIn(known, said)

    def test_nothing_is_compared_anew_and_the_same_gives_the_same_bytes(self):
        self.compared()
        before = self.read_as(self.robot)
        last = self.env["of.sii.rcv.reconciliation"].search([("company_id", "=", self.company.id)])
        self.post("purchase", "33", [(100000, "OTAX_19")])
        self.assertEqual(self.read_as(self.robot), before)
        self.assertEqual(self.env["of.sii.rcv.reconciliation"].search([("company_id", "=", self.company.id)]), last)

    def test_no_excel_file_tells_the_clock(self):
        """Two of them made in different seconds are the same bytes."""
        self.compared()
        form = self.form(self.compute())
        books = {
            "form": form.to_xlsx(),
            "annex": form.to_annex(),
            "comparison": base64.b64decode(self.read_as(self.robot)["files"]["xlsx"]),
        }
        for name, book in books.items():
            with self.subTest(name), zipfile.ZipFile(io.BytesIO(book)) as parts:
                self.assertIn(f">{PERIOD}-01T00:00:00Z<", parts.read("docProps/core.xml").decode())

    def test_the_robot_compares_and_gets_nobodys_name(self):
        self.compared()
        for user, names in ((self.robot, []), (self.env.user, ["Juana Soto Rojas", "Proveedor SpA"])):
            answer = self.F29.with_user(user).reconcile(self.company.id, PERIOD)
            rows = {row["folio"]: row for row in answer["differences"]}
            self.assertEqual(sorted(row["name"] for row in rows.values() if row["name"]), names)
            self.assertEqual(rows["71"]["rut"], COMPANY_RUT)
            self.assertEqual(rows["72"]["rut"], PERSON_RUT if names else "")

    def test_computing_with_a_register_reads_the_entries_once(self):
        self.compared()
        asked = []
        ledger = type(self.F29)._ledger
        self.patch(type(self.F29), "_ledger", lambda form, *rules: asked.append(form) or ledger(form, *rules))
        self.compute()
        self.assertEqual(len(asked), 1)

    def test_a_register_that_was_loaded_after_it_takes_the_certificate_back(self):
        self.compared()
        last = self.env["of.sii.rcv.reconciliation"].search([("company_id", "=", self.company.id)])
        last.sudo().write({"reconciled_at": "2020-01-01 00:00:00", "certified": True})
        answer = self.read_as(self.robot)
        self.assertTrue(answer["behind"])
        self.assertFalse(answer["certified"])
        self.assertIn("falta conciliar", answer["certificate"])

    def test_days_to_claim_do_not_change_the_files_from_one_morning_to_the_next(self):
        bill = self.post("purchase", "33", [(100000, "OTAX_19")])
        row = self.row(bill.partner_id.vat, str(int(bill.l10n_latam_document_number)), "Proveedor SpA")
        self.load("purchases", [])
        self.load("pending", [row])
        self.F29.reconcile(self.company.id, PERIOD)
        [difference] = self.read_as(self.robot)["differences"]
        self.assertEqual(difference["cause"], "En el SII está pendiente: aún no es de este mes.")

    def test_who_may_not_read_and_what_is_no_month(self):
        self.compared()
        nobody = new_test_user(
            self.env,
            "rcv_nobody",
            groups="base.group_user",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        with self.assertRaises(AccessError):
            self.read_as(nobody)
        with self.assertRaises(UserError):
            self.read_as(self.robot, "2026-13")
