from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..core import messages
from .f29 import OPEN


class OfSiiF29(models.Model):
    _inherit = "of.sii.f29"

    # Proposed once, when the form is made, and then the form's own: a rectification of March keeps March's rate.
    ppm_rate = fields.Float(
        string="PPM rate % (115)",
        digits=(6, 3),
        compute="_compute_ppm_rate",
        store=True,
        readonly=False,
        copy=True,
        tracking=True,
        help="Percent with three decimals. Proposed from the form before, else from the company.",
    )
    common_use_factor = fields.Float(
        digits=(7, 6),
        compute="_compute_common_use_factor",
        store=True,
        readonly=False,
        copy=True,
        tracking=True,
        help="Share of the common use IVA that gives credit, from 0 to 1. Proposed from the form before, else from the "
        "company.",
    )

    @api.depends("company_id", "period")
    def _compute_ppm_rate(self):
        for form in self:
            form.ppm_rate = form._form_before().ppm_rate or form.company_id.of_sii_ppm_rate

    @api.depends("company_id", "period")
    def _compute_common_use_factor(self):
        for form in self:
            form.common_use_factor = form._form_before().common_use_factor or form.company_id.of_sii_common_use_factor

    def _form_before(self):
        """The form of the latest month before this one that has one: as filed, else its newest version."""
        if not self.company_id or not self.period:
            return self.browse()
        last = self.search(
            [("company_id", "=", self.company_id.id), ("period", "<", self.period), ("status", "!=", "draft")],
            order="period desc, version desc",
            limit=1,
        )
        return self._form_that_counts(self.company_id, last.period) if last else last

    def _exact_ppm_rate(self):
        """PPM rate in percent, exact (Decimal with three decimals)."""
        return Decimal(f"{self.ppm_rate:.3f}")

    def _exact_common_use_factor(self):
        """Common use factor, exact (Decimal with six decimals)."""
        return Decimal(f"{self.common_use_factor:.6f}")

    @api.constrains("ppm_rate", "common_use_factor")
    def _check_rates(self):
        for form in self:
            if not 0 <= form.ppm_rate <= 100:
                raise ValidationError(f"La tasa de PPM debe estar entre 0 y 100 %, no {form.ppm_rate}.")
            if not 0 <= form.common_use_factor <= 1:
                raise ValidationError(f"El factor de uso común debe estar entre 0 y 1, no {form.common_use_factor}.")

    def write(self, vals):
        if {"ppm_rate", "common_use_factor"} & set(vals):
            for form in self.filtered(lambda form: form.status not in OPEN):
                raise UserError(messages.closed_form(form.period, form.version, form.status))
        return super().write(vals)
