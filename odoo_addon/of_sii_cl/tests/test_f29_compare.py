import base64
import json

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import PERIOD, F29Case


@tagged("post_install", "-at_install")
class TestF29Compare(F29Case):
    """The SII's propuesta, or a filed form, beside ours."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.post("sale", "33", [(1000000, "ITAX_19")])
        cls.post("purchase", "33", [(400000, "OTAX_19")])

    def compare(self, content, period=PERIOD):
        text = content if isinstance(content, str) else json.dumps(content)
        return self.F29.compare(self.company.id, period, text)

    def propuesta(self, rut="76123456-0", period="202607", **codes):
        return {
            "data": {
                "listCodPropuestos": [{"codigo": code.strip("_"), "valor": str(codes[code])} for code in codes],
                "listCodBase": [{"codigo": "03", "valor": rut}, {"codigo": "15", "valor": period}],
            }
        }

    def refused(self, action, *words):
        with self.assertRaises(UserError) as caught, self.cr.savepoint():
            action()
        self.assertNotIn("\n", str(caught.exception))
        for word in words:
            self.assertIn(word, str(caught.exception))

    def test_our_own_exports_are_equal(self):
        form = self.form(self.compute())
        for text in (form.to_json(), form.to_csv()):
            result = self.compare(text)
            self.assertEqual((result["source"], result["rut"], result["period"]), ("own", "76123456-0", PERIOD))
            self.assertEqual((result["only_ours"], result["only_theirs"], result["refused"]), ([], [], []))
            self.assertEqual(result["equal"], len(result["codes"]))
            self.assertEqual(result["codes"]["91"], {"ours": 116500, "theirs": 116500, "difference": 0})

    def test_propuesta_with_differences(self):
        self.compute()
        result = self.compare(self.propuesta(_503=1, _502=190000, _520=75999, _111=19001, _9999=1, _888=7))
        self.assertEqual(result["source"], "propuesta")
        self.assertEqual(result["codes"]["520"], {"ours": 76000, "theirs": 75999, "difference": 1})
        self.assertEqual(result["codes"]["111"], {"ours": 0, "theirs": 19001, "difference": -19001})
        self.assertEqual((result["equal"], result["only_theirs"]), (2, ["111"]))
        self.assertIn("91", result["only_ours"])
        self.assertEqual(self.F29.compare(self.company.id, PERIOD, self.propuesta(_502=190000))["equal"], 1)
        self.assertEqual([row["code"] for row in result["refused"]], ["888"])

    def test_a_file_of_another_rut_or_month_or_no_form_is_refused_and_changes_nothing(self):
        self.refused(lambda: self.compare(self.propuesta(rut="76086428-5", _502=1)), "76086428-5", "76123456-0")
        self.refused(lambda: self.compare(self.propuesta(period="202606", _502=1)), "2026-06", PERIOD)
        self.refused(lambda: self.compare("hola"), "códigos")
        self.refused(lambda: self.compare(""), "vacío")
        self.refused(lambda: self.F29.compare(self.company.id, PERIOD, None), "códigos")
        self.refused(lambda: self.compare("502,1", period="2026-08"), "aún no termina")
        self.assertFalse(self.F29.search([("company_id", "=", self.company.id)]))

    def test_without_a_form_the_entries_are_computed_and_no_form_is_made(self):
        result = self.compare("casilla;monto\n502;190000\n91;116500\n")
        self.assertEqual(result["codes"]["502"]["difference"], 0)
        self.assertEqual(result["codes"]["91"]["difference"], 0)
        self.assertFalse(self.F29.search([("company_id", "=", self.company.id)]))

    def test_a_filed_form_keeps_its_figures(self):
        self.file(self.form(self.compute()))
        self.post("purchase", "33", [(100000, "OTAX_19")], date=f"{PERIOD}-20")
        self.assertEqual(self.compare({"campos": {"520": "76000"}})["codes"]["520"]["difference"], 0)

    def test_the_dialog_shows_what_differs_first(self):
        form = self.form(self.compute())
        action = form.action_compare()
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        self.refused(wizard.action_compare, "archivo")
        content = json.dumps(self.propuesta(_502=190000, _520=75999, _48="mil"), ensure_ascii=False)
        wizard.filedata = base64.b64encode(content.encode())
        wizard.action_compare()
        rows = [(line.code, line.outcome, line.ours, line.theirs, line.difference) for line in wizard.line_ids]
        self.assertEqual(rows[0][:2], ("48", "refused"))
        self.assertEqual(rows[1], ("520", "different", "$76.000", "$75.999", "$1"))
        self.assertEqual(rows[-1], ("502", "equal", "$190.000", "$190.000", ""))
        said = f"{PERIOD}, propuesta del SII: 1 código igual; 1 distinto (520); "
        self.assertTrue(wizard.summary.startswith(said), wizard.summary)
        self.assertIn("1 sin leer (48)", wizard.summary)

    def test_the_robot_reads_and_has_no_dialog(self):
        self.compute()
        robot = new_test_user(
            self.env,
            "f29_comparer",
            groups="base.group_portal,of_sii_cl.group_f29_compute",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        result = self.F29.with_user(robot).compare(self.company.id, PERIOD, "502,190000")
        self.assertEqual(result["equal"], 1)
        for model in ("of.sii.f29.compare.wizard", "of.sii.f29.trial.wizard", "of.sii.f29.compare.line"):
            quiet = mute_logger("odoo.addons.base.models.ir_model")
            with self.subTest(model=model), quiet, self.assertRaises(AccessError), self.cr.savepoint():
                self.env[model].with_user(robot).create({})


@tagged("post_install", "-at_install")
class TestF29Trial(F29Case):
    """Past filed forms beside what their months' entries give, with nothing left behind."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_utm(m2026_06=43000, m2026_07=43198)
        cls.post("purchase", "33", [(1000000, "OTAX_19")], date="2026-05-10")
        cls.post("sale", "33", [(2000000, "ITAX_19")], date="2026-06-10")
        cls.post("sale", "33", [(500000, "ITAX_19")], date="2026-07-10")

    def filed(self, period, **codes):
        fields = {"03": "76123456-0", "15": period.replace("-", ""), "115": "0.25"}
        return json.dumps({"campos": fields | {code.strip("_"): str(amount) for code, amount in codes.items()}})

    def left_behind(self):
        """Rows of every table of the F29 and of the attachments, but for the dialogs' own."""
        self.env.flush_all()
        self.cr.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_name LIKE 'of\\_sii\\_%' AND table_name "
            "NOT LIKE '%trial%' AND table_name NOT LIKE '%compare%'"
        )
        counts = {}
        for (table,) in [*self.cr.fetchall(), ("ir_attachment",), ("mail_message",)]:
            self.cr.execute(f'SELECT count(*) FROM "{table}"')  # noqa: S608 (names of tables)
            counts[table] = self.cr.fetchone()
        return counts

    def test_months_beside_what_was_filed(self):
        # June's 504 is May's 77 of 190.000: 4,42 UTM of 43.000 (June), at 43.198 (July) 190.935.
        files = [
            self.filed("2026-06", _503=1, _502=380000, _538=380000, _504=190935, _537=190935, _89=189065, _48=50000),
            self.filed("2026-05", _519=1, _520=190001, _537=190001, _77=190000),
            self.filed("2026-07", _503=1, _502=95000, _538=95000, _89=95000, _563=500000, _62=1250, _91=96250),
            self.filed("2026-09", _502=1),
            "hola",
        ]
        before = self.left_behind()
        results = self.F29.try_filed(self.company.id, files)
        self.assertEqual(self.left_behind(), before)
        wrong, months = results[:2], {result["period"]: result for result in results[2:]}
        self.assertEqual(["error" in result for result in wrong], [True, True])
        self.assertEqual(sorted(months), ["2026-05", "2026-06", "2026-07"])
        may, june, july = (months[period] for period in sorted(months))
        self.assertEqual(may["codes"]["520"], {"ours": 190000, "theirs": 190001, "difference": -1})
        self.assertEqual(june["codes"]["504"], {"ours": 190935, "theirs": 190935, "difference": 0})
        self.assertEqual(june["codes"]["48"], {"ours": 50000, "theirs": 50000, "difference": 0})
        self.assertEqual(june["codes"]["595"]["ours"], 189065 + 50000 + 5000)
        self.assertEqual(june["taken"], ["48", "115"])
        self.assertEqual([code for code, row in july["codes"].items() if row["difference"]], ["547", "595"])

    def test_without_the_month_before_or_its_utm_the_remanente_is_the_files(self):
        results = self.F29.try_filed(self.company.id, [self.filed("2026-06", _504=7, _537=7)])
        self.assertEqual((results[0]["codes"]["504"]["ours"], results[0]["taken"]), (7, ["115", "504"]))
        self.env["of.sii.utm"].search([]).unlink()
        files = [self.filed("2026-05", _77=190000), self.filed("2026-06", _504=7)]
        self.assertEqual(self.F29.try_filed(self.company.id, files)[1]["codes"]["504"]["ours"], 7)

    def test_the_dialog_forgets_the_files(self):
        wizard = self.env["of.sii.f29.trial.wizard"].create({"company_id": self.company.id})
        content = base64.b64encode(self.filed("2026-07", _503=1, _502=95001).encode())
        wizard.file_ids = [(0, 0, {"name": f"julio_{number}.json", "datas": content}) for number in (1, 2)]
        files = wizard.file_ids
        wizard.action_try()
        self.assertFalse(files.exists())
        self.assertEqual(wizard.line_ids.filtered(lambda line: line.code == "502").outcome, "different")
        self.assertIn("Hay dos archivos de 2026-07", wizard.summary)
        self.assertIn("2026-07, formulario declarado: 2 códigos iguales; 1 distinto (502); ", wizard.summary)
        again = self.env["of.sii.f29.trial.wizard"].create({"company_id": self.company.id})
        again.file_ids = [(0, 0, {"name": "x.json", "datas": content})]
        files = again.file_ids
        again.unlink()
        self.assertFalse(files.exists())
