from contextlib import contextmanager

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..core import period as periods

PAYMENT, NO_PAYMENT = "payment", "no_payment"


class OfSiiDueDate(models.Model):
    """A due date that the SII extended. Every form of the month goes by it, whatever its state; nothing else moves."""

    _name = "of.sii.due_date"
    _description = "Extended due date"
    _rec_name = "period"
    _order = "period desc, kind, id"

    period = fields.Char(required=True, size=7, help="Tax month, YYYY-MM: the one that is declared")
    kind = fields.Selection(
        [(PAYMENT, "With payment"), (NO_PAYMENT, "Without payment")],
        required=True,
        default=PAYMENT,
        help="Which forms have it: those with something to pay, or those without payment or movement",
    )
    date = fields.Date(string="Due date", required=True, help="It never brings the legal date forward.")
    company_id = fields.Many2one("res.company", help="Only for this company; empty: for all")
    source = fields.Char(required=True, help="What extends it: number and date of the SII's resolution")

    @api.constrains("period", "kind", "date", "company_id")
    def _check_extension(self):
        for extension in self:
            try:
                first, end = periods.month_bounds(periods.shift(extension.period, 1))
            except ValueError as error:
                raise ValidationError(str(error)) from error
            last = periods.first_day(periods.shift(f"{end:%Y-%m}", 11))
            if not first <= extension.date <= last:
                raise ValidationError(
                    f"El F29 de {extension.period} no puede vencer el {extension.date:%d-%m-%Y}: la fecha va del "
                    f"{first:%d-%m-%Y} a un año después. Revise el período, que es el mes declarado, y la fecha."
                )
            same = [(name, "=", extension[name]) for name in ("period", "kind")]
            if self.search_count([*same, ("company_id", "=", extension.company_id.id)]) > 1:
                raise ValidationError(f"Ya hay una extensión así del F29 de {extension.period}: corrija esa.")

    @api.model_create_multi
    def create(self, vals_list):
        with self._forms_follow({vals.get("period") for vals in vals_list}):
            return super().create(vals_list)

    def write(self, vals):
        with self._forms_follow({*self.mapped("period"), vals.get("period")}):
            return super().write(vals)

    def unlink(self):
        with self._forms_follow(set(self.mapped("period"))):
            return super().unlink()

    @contextmanager
    def _forms_follow(self, months):
        """The forms of these months take the due date that holds after what is done inside."""
        forms = self.env["of.sii.f29"].sudo().search([("period", "in", list(months - {None, False}))])
        before = {form: form._legal_due_date() for form in forms}
        yield
        for form in forms:
            form._follow_due_date(before[form])

    @api.model
    def _in_force(self, company, period, has_payment):
        """The extension with the latest date for a company's month; none when the SII extended nothing."""
        return self.sudo().search(
            [
                ("period", "=", period),
                ("kind", "=", PAYMENT if has_payment else NO_PAYMENT),
                ("company_id", "in", (False, company.id)),
            ],
            order="date desc",
            limit=1,
        )
