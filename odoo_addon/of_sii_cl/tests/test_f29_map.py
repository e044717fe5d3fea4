import io
from unittest.mock import patch

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger
from psycopg2 import IntegrityError

from .common import F29Case


@tagged("post_install", "-at_install")
class TestF29Map(F29Case):
    """The map is data: resolved per company, editable, without repetitions."""

    def row(self, **vals):
        return self.env["of.sii.f29.map"].create(
            {"tax_code": "ITAX_19", "direction": "sale", "doc_codes": "33", "what": "tax", "code": 502, **vals}
        )

    def test_resolves_every_tax_of_the_chart(self):
        resolved = self.env["of.sii.f29.map"]._resolve(self.company)
        known = {rule.tax for rule in resolved.rules}
        missing = {tax for tax in resolved.taxes.values() if tax.id not in known}
        # additional and fuel taxes that a person decides on
        self.assertEqual({tax.l10n_cl_sii_code for tax in missing} - {24, 25, 26, 27, 28, 29, 35}, set())

    def test_fees_of_past_years_resolve_though_archived(self):
        resolved = self.env["of.sii.f29.map"]._resolve(self.company)
        self.assertIn(self.tax("I_IU2C").id, {rule.tax for rule in resolved.rules})

    def test_same_row_twice_is_refused(self):
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.cr.savepoint():
            self.row(doc_codes="33 30")

    def test_overlap_is_refused(self):
        with self.assertRaises(ValidationError) as caught, self.cr.savepoint():
            self.row(doc_codes="33 901")
        self.assertIn("33", str(caught.exception))
        self.row(doc_codes="901")

    def test_code_must_take_amounts(self):
        for code in (538, 504, 9999):
            with self.assertRaises(ValidationError), self.cr.savepoint():
                self.row(doc_codes="901", code=code)

    def test_document_types_are_numbers(self):
        with self.assertRaises(ValidationError), self.cr.savepoint():
            self.row(doc_codes="33,34")

    def test_company_row_replaces_the_shared_ones_of_its_kind_only(self):
        self.post("sale", "33", [(200000000, "ITAX_19")])
        self.row(company_id=self.company.id, code=764)
        casillas = self.casillas()
        self.assertEqual(
            {code: casillas.get(code) for code in ("764", "502", "503", "563")},
            {"764": 38000000, "502": None, "503": 1, "563": 200000000},
        )

    def test_code_that_a_company_row_makes_lose_its_feed_is_told(self):
        self.post("purchase", "33", [(100000, "OTAX_19")])
        vals = {"tax_code": "OTAX_19", "direction": "purchase", "company_id": self.company.id}
        self.row(**vals, code=525)
        lost = {w["key"]: w for w in self.compute()["warnings"] if w["code"] == "lost_feed"}
        self.assertEqual(set(lost), {"lost_feed/520", "lost_feed/511"})
        self.assertIn("$19.000", lost["lost_feed/511"]["message"])
        self.row(**vals, code=511)
        self.assertEqual([w["key"] for w in self.compute()["warnings"]], ["lost_feed/520"])

    def test_row_of_another_document_type_loses_nothing(self):
        self.post("sale", "33", [(100000, "ITAX_19")])
        self.row(company_id=self.company.id, doc_codes="39", code=0)
        self.assertEqual(self.compute()["warnings"], [])

    def test_dates_say_in_which_months_a_row_holds(self):
        self.post("sale", "33", [(100000, "ITAX_19")])
        self.post("sale", "33", [(100000, "ITAX_19")], date="2026-06-10")
        old = self.env["of.sii.f29.map"].search([("code", "=", 502), ("tax_code", "=", "ITAX_19")])
        old.date_to = "2026-06-30"
        self.row(doc_codes="33 30", code=764, date_from="2026-07-01")
        june, july = self.casillas(period="2026-06"), self.casillas()
        self.assertEqual((june.get("502"), june.get("764")), (19000, None))
        self.assertEqual((july.get("502"), july.get("764")), (None, 19000))

    def test_overlap_is_judged_by_dates(self):
        self.row(doc_codes="901", date_to="2026-06-30")
        self.row(doc_codes="901", date_from="2026-07-01", date_to="2026-12-31")
        for dates in ({}, {"date_from": "2026-12-01"}, {"date_to": "2020-01-31"}):
            with self.assertRaises(ValidationError), self.cr.savepoint():
                self.row(doc_codes="901 902", **dates)
        self.row(doc_codes="901", date_from="2027-01-01")

    def test_row_holds_for_whole_months(self):
        for dates in ({"date_from": "2026-07-15"}, {"date_to": "2026-07-15"}):
            with self.assertRaises(ValidationError), self.cr.savepoint():
                self.row(doc_codes="901", **dates)
        with self.assertRaises(ValidationError), self.cr.savepoint():
            self.row(doc_codes="901", date_from="2026-07-01", date_to="2026-06-30")

    def test_end_of_a_shipped_row_arrives_though_a_person_edited_it(self):
        row = self.env.ref("of_sii_cl.map_sale_itax_19_33_30_tax_502")
        row.code = 764
        shipped = io.StringIO("id,date_to\nmap_sale_itax_19_33_30_tax_502,2026-12-31\nno_such_row,2026-12-31\n")
        with patch("odoo.addons.of_sii_cl.models.f29_map.file_open", return_value=shipped):
            row._end_shipped_rows()
        self.assertEqual((str(row.date_to), row.code), ("2026-12-31", 764))

    def test_archived_row_counts_no_more(self):
        self.post("sale", "33", [(100000, "ITAX_19")])
        self.env["of.sii.f29.map"].search([("code", "=", 502), ("tax_code", "=", "ITAX_19")]).active = False
        self.assertNotIn("502", self.casillas())

    def test_shipped_rows_keep_what_a_person_edits(self):
        data = self.env["ir.model.data"].search(
            [("module", "=", "of_sii_cl"), ("model", "in", ("of.sii.f29.map", "of.sii.holiday"))]
        )
        self.assertGreater(len(data), 250)
        self.assertTrue(all(data.mapped("noupdate")))

    def test_utm_and_holidays_are_unique_and_checked(self):
        utm = self.env["of.sii.utm"]
        utm.create({"month": "2031-01", "value": 70000})
        for vals in ({"month": "2031-01", "value": 1}, {"month": "2031-02", "value": 0}):
            with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.cr.savepoint():
                utm.create(vals)
                self.env.flush_all()
        with self.assertRaises(ValidationError), self.cr.savepoint():
            utm.create({"month": "2031-13", "value": 70000})
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.cr.savepoint():
            self.env["of.sii.holiday"].create({"date": "2026-09-18", "name": "Otra vez"})

    def test_company_rates_are_checked(self):
        for vals in ({"of_sii_ppm_rate": 101}, {"of_sii_common_use_factor": 1.2}, {"of_sii_common_use_factor": -0.1}):
            with self.assertRaises(ValidationError), self.cr.savepoint():
                self.company.write(vals)
