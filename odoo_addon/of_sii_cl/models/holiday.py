from odoo import api, fields, models


class OfSiiHoliday(models.Model):
    _name = "of.sii.holiday"
    _description = "Chilean public holiday"
    _order = "date"

    date = fields.Date(required=True)
    name = fields.Char(required=True)

    if hasattr(models, "Constraint"):
        _date_uniq = models.Constraint("unique(date)", "This day is already a holiday.")
    else:
        _sql_constraints = [("date_uniq", "unique(date)", "This day is already a holiday.")]

    @api.model
    def _dates_of_year(self, year):
        """Holidays of a year (set of dates); empty when none is loaded."""
        found = self.sudo().search([("date", ">=", f"{year}-01-01"), ("date", "<=", f"{year}-12-31")])
        return set(found.mapped("date"))
