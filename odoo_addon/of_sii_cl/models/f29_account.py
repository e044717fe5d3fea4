from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core.closing import PURPOSES

# In the order of core.closing.PURPOSES, whose keys they are.
PURPOSE_NAMES = [
    ("payable", "To pay to the Treasury (91)"),
    ("debits", "IVA débito entered by hand"),
    ("credits", "IVA crédito entered by hand"),
    ("remanente", "Credit carried forward (77, 504)"),
    ("payroll", "Tax on salaries (48)"),
    ("withheld", "Other withholdings entered by hand (153, ...)"),
    ("subject_change", "Change of subject entered by hand (554, ...)"),
    ("ppm", "PPM (62)"),
    ("training", "Sence credit (721-724)"),
    ("readjustment", "Readjustment of the credit carried forward"),
    ("differences", "Differences"),
]


class OfSiiF29Account(models.Model):
    """The account of what the closing entry takes from no document: those have the accounts of their taxes."""

    _name = "of.sii.f29.account"
    _description = "Account of the F29's closing entry"
    _order = "company_id, id"
    _rec_name = "purpose"
    _check_company_auto = True

    company_id = fields.Many2one("res.company", required=True, ondelete="cascade", index=True)
    purpose = fields.Selection(PURPOSE_NAMES, required=True)
    account_id = fields.Many2one("account.account", check_company=True, ondelete="restrict")

    if hasattr(models, "Constraint"):
        _purpose_uniq = models.Constraint(
            "unique(company_id, purpose)", "The company already has an account for this part of the closing entry."
        )
    else:
        _sql_constraints = [
            (
                "purpose_uniq",
                "unique(company_id, purpose)",
                "The company already has an account for this part of the closing entry.",
            )
        ]


class ResCompany(models.Model):
    _inherit = "res.company"

    of_sii_closing_entry = fields.Boolean(
        string="Book the F29's closing entry",
        help="Approving an F29 makes a draft entry that clears the month's taxes against the Treasury; filing posts "
        "it. Off unless switched on: who books this by hand would have it twice.",
    )
    of_sii_closing_journal_id = fields.Many2one(
        "account.journal",
        string="Journal of the closing entry",
        domain="[('type', '=', 'general')]",
        check_company=True,
    )
    of_sii_treasury_id = fields.Many2one("res.partner", string="Treasury")
    of_sii_closing_account_ids = fields.One2many(
        "of.sii.f29.account", "company_id", string="Accounts of the closing entry"
    )

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        companies.filtered("of_sii_closing_entry")._of_sii_fill_closing()
        return companies

    def write(self, vals):
        result = super().write(vals)
        if vals.get("of_sii_closing_entry"):
            self._of_sii_fill_closing()
        return result

    def _of_sii_fill_closing(self):
        """Propose journal, Treasury and the chart's accounts where nothing is chosen.

        What is to be paid is reconciled with its payment: 16.0 ships its account without that, so it is allowed here.
        """
        for company in self.sudo():
            if not company.of_sii_closing_journal_id:
                company.of_sii_closing_journal_id = company._of_sii_general_journal()
            if not company.of_sii_treasury_id:
                company.of_sii_treasury_id = self.env.ref("l10n_cl.par_tgr", raise_if_not_found=False)
            missing = [
                purpose for purpose in PURPOSES if purpose not in company.of_sii_closing_account_ids.mapped("purpose")
            ]
            self.env["of.sii.f29.account"].sudo().create(
                [
                    {
                        "company_id": company.id,
                        "purpose": purpose,
                        "account_id": company._of_sii_chart_account(PURPOSES[purpose]).id,
                    }
                    for purpose in missing
                ]
            )
            if "payable" in missing:
                company._of_sii_chart_account(PURPOSES["payable"]).reconcile = True

    def _of_sii_general_journal(self):
        """The company's first journal for entries of all kinds, not that of exchange differences or cash basis."""
        journals = self.env["account.journal"].search([("company_id", "=", self.id), ("type", "=", "general")])
        return (journals - self.currency_exchange_journal_id - self.tax_cash_basis_journal_id)[:1]

    def _of_sii_chart_account(self, code):
        """The account of the Chilean chart with that code, of this company or the one above it; none when removed."""
        names = [f"{company.id}_account_{code}" for company in self._of_sii_with_parents()]
        data = self.env["ir.model.data"].search(
            [("model", "=", "account.account"), ("module", "in", ("account", "l10n_cl")), ("name", "in", names)],
            limit=1,
        )
        return self.env["account.account"].browse(data.res_id).exists()

    def _of_sii_closing_account(self, purpose):
        """Id of the account for a part of the closing entry. Raises UserError (Spanish) when none is chosen."""
        self.ensure_one()
        row = self.of_sii_closing_account_ids.filtered(lambda one: one.purpose == purpose)
        if not row.account_id:
            row = self.env["of.sii.f29.account"].with_context(lang="es_CL")
            name = dict(row._fields["purpose"]._description_selection(row.env))[purpose]
            raise UserError(
                f"Para el asiento de cierre del F29 falta la cuenta «{name}» de «{self.name}»: elíjala en la empresa, "
                "página «F29 SII», o apague ahí el asiento de cierre."
            )
        if purpose == "payable" and not row.account_id.reconcile:
            account = row.account_id.with_company(self).with_context(lang="es_CL")
            raise UserError(
                f"La cuenta {account.code} {account.name}, por pagar a la Tesorería, no permite la conciliación: "
                "permítala en la cuenta, o elija otra en la empresa, página «F29 SII»."
            )
        return row.account_id.id

    def _of_sii_require_closing(self):
        """Raise UserError (Spanish) unless journal and Treasury of the closing entry are chosen."""
        missing = []
        if not self.of_sii_closing_journal_id:
            missing.append("el diario")
        if not self.of_sii_treasury_id:
            missing.append("el contacto de la Tesorería")
        if missing:
            raise UserError(
                f"Para el asiento de cierre del F29 falta {' y '.join(missing)} de «{self.name}»: elija en la empresa, "
                "página «F29 SII», o apague ahí el asiento de cierre."
            )
