from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from .common import PERIOD, F29Case, load_chart


@tagged("post_install", "-at_install")
class TestF29Companies(F29Case):
    """The form is the RUT's: a company with its branches, in pesos."""

    def branch(self, rut=False):
        """A branch of the company: on 19.0 it shares its parent's chart, on 16.0 it has one of its own."""
        if "root_id" in self.company._fields:
            branch = self.env["res.company"].create(
                {"name": "Sucursal Norte", "parent_id": self.company.id, "country_id": self.env.ref("base.cl").id}
            )
            branch.partner_id.vat = rut
            load_chart(branch)  # as the creation does when it is committed
        else:
            branch = self.make_company("Sucursal Norte", rut or "76123456-0")
            branch.parent_id = self.company
        self.env.user.company_ids |= branch
        return branch

    def bill(self, branch, net):
        owner = branch if "root_id" not in branch._fields else self.company
        journal = self.env["account.journal"].search([("company_id", "=", owner.id), ("type", "=", "sale")], limit=1)
        if owner != branch:
            journal = self.env["account.journal"].create(
                {
                    "name": "Ventas norte",
                    "code": "VN",
                    "type": "sale",
                    "company_id": branch.id,
                    "l10n_latam_use_documents": True,
                    "default_account_id": journal.default_account_id.id,
                }
            )
        move = (
            self.env["account.move"]
            .with_company(branch)
            .create(
                {
                    "move_type": "out_invoice",
                    "partner_id": self.partners["customer"].id,
                    "journal_id": journal.id,
                    "invoice_date": f"{PERIOD}-15",
                    "date": f"{PERIOD}-15",
                    "l10n_latam_document_type_id": self.env.ref("l10n_cl.dc_a_f_dte").id,
                    "l10n_latam_document_number": "900",
                    "invoice_line_ids": [(0, 0, self.line(owner, net, "ITAX_19"))],
                }
            )
        )
        move.action_post()
        return move

    def test_branch_is_in_its_company_s_form(self):
        branch = self.branch()
        self.post("sale", "33", [(1000000, "ITAX_19")])
        self.bill(branch, 500000)
        result = self.compute()
        self.assertEqual((result["casillas"]["503"], result["casillas"]["502"], result["warnings"]), (2, 285000, []))
        self.assertEqual(self.compute(company=branch)["id"], result["id"])
        self.assertEqual(len(self.F29.documents(branch.id, PERIOD)), 2)
        form = self.form(result)
        line = form.line_ids.filtered(lambda line: line.code == 502)
        action = line.action_open_items()
        self.assertEqual(sum(self.env[action["res_model"]].search(action["domain"]).mapped("amount")), 285000)

    def test_form_of_a_branch_is_made_for_its_company(self):
        form = self.F29.create({"company_id": self.branch().id, "period": "2026-05"})
        self.assertEqual(form.company_id, self.company)

    def test_branch_with_a_rut_of_its_own_has_a_form_of_its_own(self):
        branch = self.branch("77123456-9")
        self.bill(branch, 500000)
        self.assertNotIn("502", self.casillas())
        self.assertEqual(self.casillas(company=branch)["502"], 95000)

    def test_map_rows_are_the_company_s_and_not_a_branch_s(self):
        with self.assertRaises(ValidationError):
            self.env["of.sii.f29.map"].create(
                {
                    "tax_code": "ITAX_19",
                    "direction": "sale",
                    "doc_codes": "33",
                    "what": "tax",
                    "code": 764,
                    "company_id": self.branch().id,
                }
            )

    def test_who_may_see_only_the_branch_does_not_compute_its_company(self):
        branch = self.branch()
        user = new_test_user(
            self.env,
            "f29_branch",
            groups="base.group_user,account.group_account_user",
            company_id=branch.id,
            company_ids=[(6, 0, branch.ids)],
        )
        with self.assertRaises(AccessError):
            self.F29.with_user(user).compute_period(branch.id, PERIOD)

    def test_two_companies_with_one_rut_are_refused_by_name(self):
        twin = self.env["res.company"].create(
            {
                "name": "Gemela Ltda.",
                "country_id": self.env.ref("base.cl").id,
                "currency_id": self.env.ref("base.CLP").id,
            }
        )
        twin.partner_id.vat = "76.123.456-0"
        self.env.user.company_ids |= twin
        for company in (self.company, twin):
            with self.assertRaises(UserError) as caught:
                self.compute(company=company)
            for word in ("Gemela Ltda.", "OFITEC", "76123456-0"):
                self.assertIn(word, str(caught.exception))

    def test_company_in_another_currency_is_refused(self):
        dollars = self.env["res.company"].create(
            {
                "name": "Dólares SpA",
                "country_id": self.env.ref("base.cl").id,
                "currency_id": self.env.ref("base.USD").id,
            }
        )
        dollars.partner_id.vat = "77123456-9"
        self.env.user.company_ids |= dollars
        before = self.F29.search_count([])
        with self.assertRaises(UserError) as caught:
            self.compute(company=dollars)
        for word in ("Dólares SpA", "USD", "pesos"):
            self.assertIn(word, str(caught.exception))
        self.assertEqual(self.F29.search_count([]), before)
