from odoo import api, fields, models


class OfSiiF29Map(models.Model):
    _inherit = "of.sii.f29.map"

    tax_label = fields.Char(
        string="Tax", compute="_compute_tax_label", help="The tax as the company of the screen names it."
    )

    @api.depends("tax_code", "tax_id")
    @api.depends_context("company", "lang")
    def _compute_tax_label(self):
        company = self.env.company
        names = [f"{company.id}_{code}" for code in set(self.mapped("tax_code")) if code]
        data = (
            self.env["ir.model.data"]
            .sudo()
            .search_read(
                [("model", "=", "account.tax"), ("module", "in", ("account", "l10n_cl")), ("name", "in", names)],
                ["name", "res_id"],
            )
        )
        ids = {row["name"]: row["res_id"] for row in data}
        taxes = self.env["account.tax"].sudo()
        for row in self:
            tax = row.sudo().tax_id or taxes.browse(ids.get(f"{company.id}_{row.tax_code}")).exists()
            row.tax_label = tax.name or row.tax_code or "Sin impuesto"
