from markupsafe import Markup
from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core import period as periods
from ..core.due_date import due_date

_KINDS = {"with_payment": True, "without_payment": False}


class OfSiiF29(models.Model):
    """When a form is due: the one place that says it, for the form, its reminders, Slack, the board and the alerts."""

    _inherit = "of.sii.f29"

    extended_by = fields.Char(
        string="Extended by", compute="_compute_extended_by", help="What the SII extended the due date with"
    )

    @api.depends("due_date", "without_payment")
    def _compute_extended_by(self):
        for form in self:
            extension = form._extension()
            form.extended_by = extension.date == form.due_date and extension.source

    def _extension(self):
        return self.env["of.sii.due_date"]._in_force(self.company_id, self.period, not self.without_payment)

    @api.model
    def _due_date(self, company, period, has_payment):
        """Day on which a month is due, by the company's due day, the holidays and the SII's extensions. Raises
        ValueError for no period."""
        year = periods.first_day(periods.shift(period, 1)).year
        holidays = self.env["of.sii.holiday"].sudo()._dates_of_year(year)
        extended = self.env["of.sii.due_date"]._in_force(company, period, has_payment).date
        return due_date(period, int(company.of_sii_due_day or 20), has_payment, holidays, extended or None)

    def _legal_due_date(self):
        return self._due_date(self.company_id, self.period, not self.without_payment)

    def _follow_due_date(self, before):
        """Take the date that holds now, where the one ``before`` was taken; a later date of a person's stays.

        A filed form follows too: when it was due is no figure of its, and whether it was filed late depends on it.
        """
        now = self._legal_due_date()
        if now == before or (self.due_date != before and now < self.due_date):
            return
        was, extension = self.due_date, self._extension()
        self.with_context(mail_notrack=True, of_sii_extended=True).write({"due_date": now})
        why = extension.source if extension.date == now else "sin extensión del SII"
        self._message_log(body=Markup("<p>%s</p>") % f"Vencimiento: {was:%d-%m-%Y} → {now:%d-%m-%Y} ({why}).")

    @api.model
    def read_due_dates(self, company_id, period):
        """When a company's form of a month is due: ``{"with_payment": YYYY-MM-DD, "without_payment": YYYY-MM-DD}``.

        Reads only. Raises UserError for no period or company.
        """
        self._require_reader()
        company = self._company_to_declare(company_id)
        try:
            dates = {name: self._due_date(company, period, paid) for name, paid in _KINDS.items()}
        except ValueError as error:
            raise UserError(str(error)) from error
        return {name: day.isoformat() for name, day in dates.items()}
