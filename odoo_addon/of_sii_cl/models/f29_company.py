from odoo import api, models


class OfSiiF29(models.Model):
    _inherit = "of.sii.f29"

    @api.model_create_multi
    def create(self, vals_list):
        """A form is of a month that has ended, and of the company that declares: a branch's is its company's."""
        companies = self.env["res.company"]
        made = []
        for vals in vals_list:
            if vals.get("period"):
                self._require_ended(vals["period"])
            company = companies.browse(vals.get("company_id") or self.env.company.id)
            made.append({**vals, "company_id": company._of_sii_declarant().id})
        return super().create(made)

    def _companies(self):
        """The companies that this form declares: its own and the branches of the same RUT (sudo)."""
        return self.company_id._of_sii_companies()

    @api.model
    def _form_that_counts(self, company, period):
        """A month's form for whoever builds on it: what was filed last, failing that the newest version; or none."""
        versions = self.search(
            [("company_id", "=", company.id), ("period", "=", period), ("status", "!=", "draft")], order="version desc"
        )
        return versions.filtered(lambda form: form.status in ("filed", "paid"))[:1] or versions[:1]
