from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Datetime

from ..core import period as periods
from ..core import utm


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
        for record in self:
            try:
                periods.first_day(record.month)
            except ValueError as error:
                raise ValidationError(str(error)) from error

    @api.model
    def _values(self, months):
        """Month -> whole pesos, for those of ``months`` that are known."""
        return {record.month: record.value for record in self.sudo().search([("month", "in", months)])}

    @api.model
    def load(self, content, year=None):
        """Take in a table of UTM values as people have it (text, see core/utm.py), all of it or nothing.

        ``year``: of lines that name a month without its year; this year when not given. Answers ``{"new": {"2026-08":
        69542}, "changed": {"2026-07": [69000, 69100]}, "same": 5, "pending": ["2026-09"]}``: ``changed`` has the value
        before and now. The same table again changes nothing. Raises UserError (Spanish) with the number of each line
        that is refused, AccessError without the group that approves.
        """
        if not self.env["of.sii.f29"]._may("approve"):
            raise AccessError("Solo quien está en el grupo «F29: aprobar» puede cargar la UTM.")
        today = periods.today_in_santiago(Datetime.now())
        if len(content) > utm.MOST_CHARACTERS:
            raise UserError("El archivo es demasiado grande para una tabla de UTM: pegue solo los meses y sus valores.")
        table = utm.read(content, year or today.year, periods.shift(f"{today:%Y-%m}", 1))
        if table.refused:
            raise UserError(utm.refusal(table.refused))
        if not table.values:
            raise UserError("No hay ninguna UTM en lo que se cargó: pegue un mes por línea, por ejemplo 2026-08,69542.")
        known = {record.month: record for record in self.search([("month", "in", list(table.values))])}
        new = {month: value for month, value in sorted(table.values.items()) if month not in known}
        changed = {}
        for month, record in sorted(known.items()):
            if record.value != table.values[month]:
                changed[month] = [record.value, table.values[month]]
                record.value = table.values[month]
        self.create([{"month": month, "value": value} for month, value in new.items()])
        same = len(table.values) - len(new) - len(changed)
        return {"new": new, "changed": changed, "same": same, "pending": sorted(table.pending)}
