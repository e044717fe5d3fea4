import base64
import json

from lxml import etree
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import file_open

from .common import PERIOD, F29Case

CASILLAS = {
    **{
        62: 2313,
        77: 0,
        89: 175750,
        91: 178063,
        115: 0.25,
        502: 190000,
        503: 1,
        509: 1,
        510: 14250,
        537: 0,
        538: 175750,
    },
    **{547: 178063, 563: 925000, 595: 178063},
}
XML = """<?xml version="1.0" encoding="UTF-8"?>
<F29>
  <Period>2026-07</Period>
  <Rut>76123456-0</Rut>
  <Company>OFITEC &amp; Cía. SpA</Company>
  <Version>1</Version>
  <Casilla num="62">2313</Casilla>
  <Casilla num="77">0</Casilla>
  <Casilla num="89">175750</Casilla>
  <Casilla num="91">178063</Casilla>
  <Casilla num="115">0.25</Casilla>
  <Casilla num="502">190000</Casilla>
  <Casilla num="503">1</Casilla>
  <Casilla num="509">1</Casilla>
  <Casilla num="510">14250</Casilla>
  <Casilla num="537">0</Casilla>
  <Casilla num="538">175750</Casilla>
  <Casilla num="547">178063</Casilla>
  <Casilla num="563">925000</Casilla>
  <Casilla num="595">178063</Casilla>
</F29>
"""


@tagged("post_install", "-at_install")
class TestF29Export(F29Case):
    """The three files of a form, byte by byte."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.post("sale", "33", [(1000000, "ITAX_19")])
        cls.post("sale", "61", [(75000, "ITAX_19")], refund=True)

    def setUp(self):
        super().setUp()
        self.record = self.form(self.compute())

    def test_csv(self):
        self.assertEqual(
            self.record.to_csv(),
            """casilla,monto,glosa
62,2313,PPM neto determinado de primera categoría
77,0,Remanente de crédito fiscal para el período siguiente
89,175750,IVA determinado
91,178063,TOTAL A PAGAR DENTRO DEL PLAZO LEGAL
115,0.25,Tasa de PPM de primera categoría (%)
502,190000,"Facturas emitidas por ventas y servicios del giro, o por cuenta de terceros (débito)"
503,1,"Facturas emitidas por ventas y servicios del giro, o por cuenta de terceros (cantidad)"
509,1,Notas de crédito emitidas por facturas del giro y recibidas por retención parcial (cantidad)
510,14250,Notas de crédito emitidas por facturas del giro y recibidas por retención parcial (rebaja al débito)
537,0,TOTAL CRÉDITOS
538,175750,TOTAL DÉBITOS
547,178063,TOTAL DETERMINADO
563,925000,Base imponible del PPM de primera categoría (art. 84 a LIR)
595,178063,SUBTOTAL IMPUESTO DETERMINADO ANVERSO
""",
        )

    def test_json(self):
        content = json.loads(self.record.to_json())
        self.assertEqual(
            content,
            {
                "period": PERIOD,
                "company": "OFITEC & Cía. SpA",
                "rut": "76123456-0",
                "version": 1,
                "ppm_rate": "0.250",
                "casillas": {str(code): amount for code, amount in CASILLAS.items()},
            },
        )
        self.assertEqual(list(content["casillas"]), [str(code) for code in sorted(CASILLAS)])

    def test_xml_is_valid_against_the_shipped_schema(self):
        self.assertEqual(self.record.to_xml(), XML)
        with file_open("of_sii_cl/static/xsd/f29.xsd", "rb") as xsd:
            schema = etree.XMLSchema(etree.parse(xsd))
        schema.assertValid(etree.fromstring(self.record.to_xml().encode()))
        for wrong in (
            XML.replace(">190000<", ">190000.00<"),
            XML.replace('num="503"', 'num="502"'),
            XML.replace("<Rut>76123456-0</Rut>", ""),
            XML.replace("2026-07", "2026-13"),
            XML.replace(">0.25<", ">0.250<"),
        ):
            self.assertFalse(schema.validate(etree.fromstring(wrong.encode())))

    def test_same_data_gives_the_same_bytes(self):
        before = [self.record.to_csv(), self.record.to_json(), self.record.to_xml()]
        self.compute()
        self.approve(self.record)
        self.env.invalidate_all()
        self.assertEqual([self.record.to_csv(), self.record.to_json(), self.record.to_xml()], before)

    def test_wizard_gives_a_file(self):
        action = self.record.action_export()
        wizards = self.env["of.sii.f29.export.wizard"]
        self.assertEqual(wizards.browse(action["res_id"]).f29_id, self.record)
        for fmt in ("csv", "json", "xml"):
            wizard = wizards.create({"f29_id": self.record.id, "fmt": fmt})
            again = wizard.action_export()
            self.assertEqual((again["res_id"], again["target"]), (wizard.id, "new"))
            self.assertEqual(wizard.filename, f"F29_2026-07.{fmt}")
            content = base64.b64decode(wizard.filedata).decode()
            self.assertEqual(content, getattr(self.record, f"to_{fmt}")())

    def test_form_without_computation_has_no_file(self):
        empty = self.F29.create({"company_id": self.company.id, "period": "2026-05"})
        with self.assertRaises(UserError) as caught:
            empty.to_csv()
        self.assertIn("2026-05", str(caught.exception))
