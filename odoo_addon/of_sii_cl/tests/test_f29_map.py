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

    def test_company_row_replaces_the_shared_one(self):
        self.post("sale", "33", [(100000, "ITAX_19")])
        self.row(company_id=self.company.id, code=0, what="base")
        result = self.compute()
        self.assertEqual((result["casillas"]["538"], result["warnings"]), (0, []))

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
