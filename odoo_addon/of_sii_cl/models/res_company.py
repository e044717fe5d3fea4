from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..core import messages
from ..core.rut import normalize_rut

BHE_BASES = [("invoice_date", "Month of the document"), ("payment_date", "Month of the payment")]


class ResCompany(models.Model):
    _inherit = "res.company"

    of_sii_ppm_rate = fields.Float(
        string="PPM rate (%)",
        digits=(6, 3),
        help="Código 115, in percent with three decimals, for example 0.250. What the first form proposes; after that "
        "each form proposes the rate of the one before.",
    )
    of_sii_bhe_basis = fields.Selection(
        BHE_BASES,
        string="Fee withholding declared by",
        default="invoice_date",
        required=True,
        help="Código 151. The withholding is due when the fee is paid (art. 74 N°2 LIR), while SII proposes the "
        "documents of the month.",
    )
    of_sii_common_use_factor = fields.Float(
        string="Common use factor",
        digits=(7, 6),
        help="Share of the common use IVA that gives credit, from 0 to 1: taxed sales / total sales "
        "(art. 23 N°3 D.L. 825). What the first form proposes; after that each form proposes the factor of the one "
        "before.",
    )
    of_sii_due_day = fields.Selection(
        [("12", "12"), ("20", "20")],
        string="F29 due day",
        default="20",
        required=True,
        help="20 for those who issue electronic documents and file by Internet, 12 for the others.",
    )

    of_sii_lock_taxes = fields.Boolean(
        string="Filing the F29 locks the month's taxes",
        default=True,
        help="Marking an F29 as filed moves the tax lock date to the end of its month, never back.",
    )

    of_sii_rcv_years = fields.Integer(
        string="Years the SII register is kept",
        default=6,
        required=True,
        help="Loaded registers (RCV) hold names and RUT of counterparts. The law asks to keep what supports a tax "
        "return while the SII may review it: up to six years (art. 17 and 200 Código Tributario). Older months are "
        "deleted daily.",
    )

    @api.constrains("of_sii_rcv_years")
    def _check_of_sii_rcv_years(self):
        for company in self:
            if not 3 <= company.of_sii_rcv_years <= 50:
                raise ValidationError(
                    f"El registro del SII se guarda de 3 a 50 años (art. 200 Código Tributario), no "
                    f"{company.of_sii_rcv_years}."
                )

    @api.constrains("of_sii_ppm_rate", "of_sii_common_use_factor")
    def _check_of_sii_rates(self):
        for company in self:
            if not 0 <= company.of_sii_ppm_rate <= 100:
                raise ValidationError(f"La tasa de PPM debe estar entre 0 y 100 %, no {company.of_sii_ppm_rate}.")
            if not 0 <= company.of_sii_common_use_factor <= 1:
                raise ValidationError(
                    f"El factor de uso común debe estar entre 0 y 1, no {company.of_sii_common_use_factor}."
                )

    def _of_sii_rut(self):
        """RUT in normal form, its text as it is when that is no RUT, empty when there is none.

        From 17.0 on a branch without one has its parent's.
        """
        self.ensure_one()
        company = self.sudo()
        if not company.partner_id.vat and company.parent_id and "root_id" in self._fields:
            return company.parent_id._of_sii_rut()
        return _rut_or_text(company.partner_id.vat)

    def _of_sii_declarant(self):
        """The company that files this one's form: itself, or the topmost of those above it with the same RUT."""
        company = self.sudo()
        while company.parent_id and company.parent_id._of_sii_rut() == company._of_sii_rut() != "":
            company = company.parent_id
        return company

    def _of_sii_companies(self):
        """The companies of one form: this one, which declares, and its branches of the same RUT (sudo)."""
        companies = level = self.sudo()
        while level:
            below = companies.browse(level.with_context(active_test=False).child_ids.ids)
            level = below.filtered(lambda company: company._of_sii_declarant() == self)
            companies |= level
        return companies

    def _of_sii_with_parents(self):
        """These companies and those above them, whose taxes a branch uses too (sudo)."""
        company = self.sudo()
        return company | company.parent_id._of_sii_with_parents() if company.parent_id else company

    def _of_sii_check_declares(self):
        """Raise UserError (Spanish) when no form in pesos can be made for this RUT."""
        companies = self._of_sii_companies()
        for company in companies:
            if company.currency_id.name != "CLP":
                raise UserError(messages.foreign_currency(company.name, company.currency_id.name))
        twins = self._of_sii_twins(companies)
        if twins:
            raise UserError(messages.shared_rut(self._of_sii_rut(), [self.sudo().name, *twins.mapped("name")]))

    def _of_sii_twins(self, companies):
        """Companies with this one's RUT that are not among ``companies`` (sudo)."""
        self.env["res.company"].flush_model(["partner_id", "active"])
        self.env["res.partner"].flush_model(["vat"])
        # by SQL: records of hundreds of companies would be read whole for their RUT alone
        self.env.cr.execute(
            """
            SELECT company.id, partner.vat
              FROM res_company company
              JOIN res_partner partner ON partner.id = company.partner_id
             WHERE company.active AND company.id <> ALL(%s) AND partner.vat IS NOT NULL
             ORDER BY company.name, company.id
            """,
            [companies.ids],
        )
        rut = self._of_sii_rut()
        return self.sudo().browse(id_ for id_, vat in self.env.cr.fetchall() if _rut_or_text(vat) == rut)


def _rut_or_text(vat):
    """RUT in normal form, its text as it is when that is none."""
    try:
        return normalize_rut(vat)
    except ValueError:
        return vat or ""
