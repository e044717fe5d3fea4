from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..core import codes, messages
from .f29 import OPEN


class OfSiiF29Input(models.Model):
    _name = "of.sii.f29.input"
    _description = "F29 código entered by a person"
    _order = "code"
    _rec_name = "code"

    f29_id = fields.Many2one("of.sii.f29", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="f29_id.company_id", store=True)
    code = fields.Integer(
        string="Código",
        required=True,
        help="Added to what the journal items give; 504 replaces the readjusted credit of the previous form.",
    )
    glosa = fields.Char(compute="_compute_glosa")
    amount = fields.Float(string="Amount (pesos)", digits=(16, 0), required=True)
    note = fields.Char(help="Where the figure comes from: payroll, certificate, resolution.")

    if hasattr(models, "Constraint"):
        _code_uniq = models.Constraint("unique(f29_id, code)", "The form already has this manual código.")
    else:
        _sql_constraints = [("code_uniq", "unique(f29_id, code)", "The form already has this manual código.")]

    @api.depends("code")
    def _compute_glosa(self):
        for manual in self:
            known = codes.codes().get(manual.code)
            manual.glosa = known.glosa if known else ""

    @api.constrains("code")
    def _check_code(self):
        for manual in self:
            error = codes.input_error(manual.code)
            if error:
                raise ValidationError(error)

    @api.model_create_multi
    def create(self, vals_list):
        manuals = super().create(vals_list)
        manuals._check_open()
        return manuals

    def write(self, vals):
        self._check_open()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_if_open(self):
        self._check_open()

    def _check_open(self):
        for form in self.f29_id:
            if form.status not in OPEN:
                raise UserError(messages.closed_form(form.period, form.version, form.status))
