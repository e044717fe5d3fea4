import base64

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import PERIOD, F29Case
from .rcv_writer import FILES, sample


@tagged("post_install", "-at_install")
class TestRcvLoad(F29Case):
    """A download of the SII goes in as it is, once, and only for its own RUT and month."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Rcv = cls.env["of.sii.rcv"]

    def load(self, section, content=None, filename=None, period=PERIOD, user=None, company=None):
        content = sample(section) if content is None else content
        registers = self.Rcv.with_user(user) if user else self.Rcv
        return registers.load(
            (company or self.company).id, period, filename or FILES[section], base64.b64encode(content).decode()
        )

    def test_every_section(self):
        for section, rows, documents in (
            *(("sales", 11, 10), ("purchases", 10, 9), ("pending", 1, 1), ("not_included", 1, 1), ("claimed", 2, 2)),
            *(("summary", 4, 3), ("honorarios", 2, 2)),
        ):
            loaded = self.load(section)
            self.assertEqual(
                (loaded["section"], loaded["rows"], loaded["documents"], loaded["refused"]),
                (section, rows, documents, []),
            )
            self.assertEqual(set(loaded), {"id", "section", "rows", "documents", "refused", "casillas"})
            self.assertEqual(len(self.Rcv.browse(loaded["id"]).line_ids), documents)

    def test_casillas(self):
        self.company.of_sii_common_use_factor = 0.5
        self.assertEqual(
            self.load("sales")["casillas"],
            {
                **{"503": 4, "502": 266000, "512": 1, "513": 1900, "509": 2, "510": 19000, "586": 1, "142": 350000},
                **{"585": 1, "20": 77000, "515": 1, "587": 150000, "146": 20000, "752": 36000},
                "563": 1000000 + 250000 + 300000 - 100000 + 10000 + 100000 + 100000 + 77000 + 150000,
            },
        )
        self.assertEqual(
            self.load("purchases")["casillas"],
            {
                **{"519": 4, "520": 76000 + 19000 + 28500 + 950, "524": 1, "525": 57000, "527": 1, "528": 9500},
                **{"564": 1, "521": 20000, "584": 1, "562": 70000, "534": 1, "535": 152000, "39": 28500},
                **{"511": 76000 + 57000 + 19000 + 28500 + 950 - 9500, "514": 3800 + 950},
            },
        )
        self.assertEqual(
            self.load("summary")["casillas"],
            {"110": 17, "111": 26902, "758": 9, "759": 19000, "563": 241598},
        )
        self.assertEqual(self.load("honorarios")["casillas"], {"151": 30500})
        for section in ("pending", "not_included", "claimed"):
            self.assertEqual(self.load(section)["casillas"], {}, section)

    def test_lines_are_the_documents(self):
        lines = self.Rcv.browse(self.load("purchases")["id"]).line_ids
        folded = lines.filtered(lambda line: line.folio == "504")
        self.assertEqual((folded.net, folded.vat, folded.total), (100000, 19000, 147000))
        self.assertEqual(folded.other_taxes, [{"code": "27", "amount": 10000}, {"code": "271", "amount": 18000}])
        self.assertEqual((folded.line, folded.further_lines), (7, "8"))
        first = lines[0]
        self.assertEqual((first.folio, first.name), ("501", "PROVEEDOR PEÑALOLÉN SPA"))
        self.assertEqual((str(first.date), str(first.accepted)), ("2026-07-15", "2026-07-18"))

    def test_the_same_file_again_changes_nothing_and_a_newer_one_takes_its_place(self):
        first = self.load("sales")
        before = self.Rcv.browse(first["id"]).loaded_at
        self.assertEqual(self.load("sales"), first)
        self.assertEqual(self.Rcv.browse(first["id"]).loaded_at, before)
        newer = self.load("sales", sample("sales").replace(b";1001;", b";1999;", 1))
        self.assertNotEqual(newer["id"], first["id"])
        registers = self.Rcv.search([("company_id", "=", self.company.id), ("period", "=", PERIOD)])
        self.assertEqual(registers.ids, [newer["id"]])
        self.assertEqual(self.env["of.sii.rcv.line"].search_count([("period", "=", PERIOD)]), 10)

    def test_a_refused_line_is_told_with_its_number(self):
        content = sample("sales").replace(b";1001;03/07/2026", b";1001;33/07/2026", 1)
        loaded = self.load("sales", content)
        self.assertEqual((loaded["rows"], loaded["documents"]), (10, 9))
        self.assertEqual(loaded["refused"], [{"line": 2, "reason": "La fecha «33/07/2026» no existe."}])
        self.assertIn("Línea 2: ", self.Rcv.browse(loaded["id"]).refused_text)

    def test_a_document_twice_in_a_file_counts_once(self):
        content = sample("purchases")
        again = content.split(b"\r\n")[6:8]  # with its further row
        loaded = self.load("purchases", content + b"\r\n".join(again) + b"\r\n")
        self.assertEqual((loaded["rows"], loaded["documents"]), (10, 9))
        self.assertEqual([row["line"] for row in loaded["refused"]], [12, 13])
        self.assertIn("ya está en la línea 7", loaded["refused"][0]["reason"])

    def test_another_rut_or_month_is_refused_and_nothing_changes(self):
        kept = self.load("sales")
        for name, words in (
            ("RCV_VENTA_77123456-9_202607.csv", "es del RUT 77123456"),
            ("RCV_VENTA_76123456-0_202606.csv", "es de 2026-06"),
        ):
            with self.assertRaisesRegex(UserError, words):
                self.load("sales", sample("sales") + b"\n", filename=name)
        with self.assertRaisesRegex(UserError, "AAAA-MM"):
            self.load("sales", period="2026-13", filename="ventas.csv")
        self.assertEqual(self.load("sales"), kept)

    def test_what_is_no_register(self):
        for content in (b"", b"%PDF-1.7", b"Folio;Monto\n1;2\n"):
            with self.assertRaisesRegex(UserError, "RCV"):
                self.load("sales", content)
        with self.assertRaisesRegex(UserError, "base64"):
            self.Rcv.load(self.company.id, PERIOD, "x.csv", "esto no es base64 ñ")
        self.assertFalse(self.Rcv.search([("company_id", "=", self.company.id)]))

    def test_rights(self):
        users = {
            name: new_test_user(
                self.env,
                f"rcv_{name}",
                groups=f"base.group_user,{group}",
                company_id=self.company.id,
                company_ids=[(6, 0, self.company.ids)],
            )
            for name, group in {
                "employee": "base.group_user",
                "reader": "account.group_account_readonly",
                "robot": "of_sii_cl.group_f29_compute",
                "preparer": "of_sii_cl.group_f29_prepare",
            }.items()
        }
        for name in ("employee", "reader"):
            with self.assertRaises(AccessError):
                self.load("sales", user=users[name])
        loaded = self.load("sales", user=users["robot"])
        register = self.Rcv.browse(loaded["id"])
        for name in ("reader", "preparer"):
            self.assertEqual(len(register.with_user(users[name]).line_ids.read(["rut"])), 10)
        for name in ("employee", "robot"):  # names and RUT are for accountants
            with self.assertRaises(AccessError):
                register.with_user(users[name]).line_ids.read(["rut"])
        with self.assertRaises(AccessError):
            register.with_user(users["preparer"]).write({"rows": 1})
        other = self.make_company("Otra SpA", "77123456-9")
        with self.assertRaises(AccessError):
            self.load("sales", user=users["robot"], company=other, filename="ventas.csv")

    def test_the_dialog_loads_all_files_or_none_and_keeps_none(self):
        attachments = self.env["ir.attachment"].create(
            [{"name": FILES[section], "raw": sample(section)} for section in ("sales", "summary")]
        )
        wizard = self.env["of.sii.rcv.load.wizard"].create(
            {"company_id": self.company.id, "period": PERIOD, "file_ids": [(6, 0, attachments.ids)]}
        )
        wizard.action_load()
        self.assertIn("10 documentos en 11 líneas", wizard.result)
        self.assertFalse(attachments.exists())
        with self.assertRaisesRegex(UserError, "Falta elegir"):
            self.env["of.sii.rcv.load.wizard"].create({"period": PERIOD}).action_load()

    def test_a_form_that_asked_for_it_shows_what_came_of_it_and_what_was_not_read_stays_on_the_screen(self):
        def loads(content):
            asked = form.action_ask_register()
            wizard = self.env[asked["res_model"]].browse(asked["res_id"])
            wizard.file_ids = self.env["ir.attachment"].create({"name": FILES["sales"], "raw": content})
            return wizard, wizard.action_load()

        form = self.F29.browse(self.F29.compute_period(self.company.id, PERIOD)["id"])
        wizard, done = loads(sample("sales").replace(b";1001;03/07/2026", b";1001;33/07/2026", 1))
        self.assertEqual((done["res_model"], done["res_id"]), (wizard._name, wizard.id))
        self.assertIn("9 documentos en 10 líneas, 1 línea no leída (vea el registro).", wizard.result)
        wizard, done = loads(sample("sales"))
        self.assertEqual(done["params"]["next"], {"type": "ir.actions.act_window_close"})
        self.assertIn(": 10 documentos en 11 líneas.", done["params"]["message"])
        self.assertIn("o certificado", form.certificate)

    def test_old_months_are_forgotten(self):
        kept = self.load("sales", filename="ventas.csv", period="2020-07")
        old = self.load("sales", filename="ventas.csv", period="2020-06")
        self.Rcv._forget_old_months()
        self.assertTrue(self.Rcv.browse(kept["id"]).exists())
        self.assertFalse(self.Rcv.browse(old["id"]).exists())
