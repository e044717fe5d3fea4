import polib
from odoo.tests import TransactionCase, tagged
from odoo.tools import file_path

MODELS = ("of.sii.f29", "of.sii.f29.map", "of.sii.utm", "of.sii.holiday", "of.sii.due_date", "of.sii.rcv")


@tagged("post_install", "-at_install")
class TestF29Views(TransactionCase):
    """Every screen opens, and in Spanish for those who read Spanish."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("es_CL")
        cls.env["ir.module.module"]._load_module_terms(["of_sii_cl"], ["es_CL"])

    def arch(self, model, kind, lang):
        views = self.env[model].with_context(lang=lang).get_views([(False, kind)])["views"]
        return views[kind]["arch"]

    def test_screens_open(self):
        for model in MODELS:
            for kind in ("list", "form", "search"):
                self.assertTrue(self.arch(model, kind, "en_US"))
        self.assertTrue(self.arch("of.sii.f29.export.wizard", "form", "en_US"))
        self.assertIn("of_sii_ppm_rate", self.arch("res.company", "form", "en_US"))

    def test_screens_are_spanish(self):
        form = self.arch("of.sii.f29", "form", "es_CL")
        buttons = ("Calcular", "Aprobar", "Marcar como declarado", "Marcar como pagado", "Rectificar")
        for word in (
            *buttons,
            "Descargar Excel",
            "Otros formatos",
            "Códigos manuales",
            "Después de declarar",
            "Documentos sellados",
            "Conciliación",
            "Avisos",
            "Cargar el registro del SII",
        ):
            self.assertIn(word, form)
        for word in ("Compute", "Approve", "Mark as", "Manual códigos", "Download", "After the filing", "Undo"):
            self.assertNotIn(word, form)
        fields = self.env["of.sii.f29"].with_context(lang="es_CL").fields_get()
        self.assertEqual(fields["status"]["string"], "Estado")
        # the refusal to approve names this column
        reason = self.env["of.sii.f29.warning"].with_context(lang="es_CL").fields_get(["reason"])["reason"]
        self.assertEqual(reason["string"], "Revisado: motivo")
        self.assertEqual(
            [label for _value, label in fields["status"]["selection"]],
            ["Borrador", "Calculado", "Aprobado", "Declarado", "Pagado"],
        )

    def test_dialogs_are_titled_in_spanish(self):
        titles = {
            "of.sii.f29.file.wizard": "Lo que se declaró en el SII",
            "of.sii.f29.approve.wizard": "Aprobar un F29 cuyas cifras cambiaron",
            "of.sii.f29.export.wizard": "Exportar un F29 a un archivo",
            "of.sii.rcv.load.wizard": "Cargar el registro del SII",
            "of.sii.utm.load.wizard": "Cargar la UTM",
        }
        for model, title in titles.items():
            self.assertEqual(self.env[model].with_context(lang="es_CL").new({})._show()["name"], title)

    def test_translations_are_whole(self):
        terms = {entry.msgid for entry in polib.pofile(file_path("of_sii_cl/i18n/of_sii_cl.pot"))}
        for lang in ("es", "es_CL"):
            translated = {entry.msgid for entry in polib.pofile(file_path(f"of_sii_cl/i18n/{lang}.po")) if entry.msgstr}
            self.assertEqual(translated, terms)

    def test_menus_lead_to_the_screens(self):
        for name in ("f29", "map", "utm", "holiday", "due_date", "rcv"):
            menu = self.env.ref(f"of_sii_cl.menu_{'f29_map' if name == 'map' else name}")
            self.assertIn(menu.action.res_model, MODELS)
            self.assertEqual(menu.parent_id.parent_id, self.env.ref("account.menu_finance"))
