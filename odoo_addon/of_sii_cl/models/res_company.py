from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ResCompany(models.Model):
    _inherit = "res.company"

    of_sii_ppm_rate = fields.Float(
        string="PPM rate (%)", digits=(6, 3), help="Código 115, in percent with three decimals, for example 0.250."
    )
    of_sii_bhe_basis = fields.Selection(
        [("invoice_date", "Month of the document"), ("payment_date", "Month of the payment")],
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
        "(art. 23 N°3 D.L. 825).",
    )
    of_sii_due_day = fields.Selection(
        [("12", "12"), ("20", "20")],
        string="F29 due day",
        default="20",
        required=True,
        help="20 for those who issue electronic documents and file by Internet, 12 for the others.",
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

    def _of_sii_ppm_rate(self):
        """PPM rate in percent, exact (Decimal with three decimals)."""
        return Decimal(f"{self.of_sii_ppm_rate:.3f}")

    def _of_sii_common_use_factor(self):
        """Common use factor, exact (Decimal with six decimals)."""
        return Decimal(f"{self.of_sii_common_use_factor:.6f}")
