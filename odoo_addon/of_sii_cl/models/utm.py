from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..core import period as periods


class OfSiiUtm(models.Model):
    _name = "of.sii.utm"
    _description = "UTM value of a month"
    _rec_name = "month"
    _order = "month desc"

    month = fields.Char(required=True, size=7, help="Calendar month, YYYY-MM")
    value = fields.Integer(string="Value (pesos)", required=True)

    if hasattr(models, "Constraint"):
        _month_uniq = models.Constraint("unique(month)", "This month already has its UTM.")
        _value_positive = models.Constraint("check(value > 0)", "The UTM must be a positive amount of pesos.")
    else:
        _sql_constraints = [
            ("month_uniq", "unique(month)", "This month already has its UTM."),
            ("value_positive", "check(value > 0)", "The UTM must be a positive amount of pesos."),
        ]

    @api.constrains("month")
    def _check_month(self):
        for utm in self:
            try:
                periods.first_day(utm.month)
            except ValueError as error:
                raise ValidationError(str(error)) from error

    @api.model
    def _values(self, months):
        """Month -> whole pesos, for those of ``months`` that are known."""
        return {utm.month: utm.value for utm in self.sudo().search([("month", "in", months)])}
